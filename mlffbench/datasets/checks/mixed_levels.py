"""Frames of different levels of theory."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.energy_force_consistency import residuals
from mlffbench.datasets.checks.energy_reference import energy_reference

__all__ = ["mixed_levels"]

NAMES = (
    "level",
    "level_of_theory",
    "theory",
    "method",
    "functional",
    "dft_functional",
    "xc",
    "basis",
    "basis_set",
)
GAP = 3.0  # between differences within a level and across levels, as a ratio
CONSTANT, MOSTLY = 0.2, 0.8  # shifts from one level to the other differ by less, in this share of pairs
LEAST = 5  # frames of a level
NEAR, STRAINED = 0.4, 0.05  # Å; strain of a cell


def mixed_levels(dataset: Dataset) -> list[Finding]:
    """Several levels of theory: told by a column, or by a constant shift between near structures.

    Energy differences of near frames, less the work of forces and stress, are small within one level. If
    some are larger by a gap, all by one constant, and each frame is always above or always below, then two
    groups of frames were calculated differently.
    """
    found = [
        Finding(
            "mixed_levels", f"column {name!r} has several values, {_counts(values)}; keep one level of theory"
        )
        for name, values in dataset.columns.items()
        if name.lower() in NAMES and len(set(values.tolist()) - {""}) > 1
    ]
    return found + ([] if energy_reference(dataset) else _shifted(dataset))


def _counts(values: np.ndarray) -> str:
    names, counts = np.unique(values.astype(str), return_counts=True)
    return ", ".join(f"{n} ({c})" for n, c in zip(names[:5], counts, strict=False))


def _shifted(dataset: Dataset) -> list[Finding]:
    near, rest = residuals(dataset)
    keep = (near.distance < NEAR) & (near.strain < STRAINED)
    near, rest = near[keep], rest[keep]
    within = _below_gap(np.abs(rest))
    if within is None:
        return []
    across, shift = near[~within], rest[~within]
    size = float(np.median(np.abs(shift)))
    above = np.unique(np.where(shift > 0, across.j, across.i))
    below = np.unique(np.where(shift > 0, across.i, across.j))
    alike = np.mean(np.abs(np.abs(shift) - size) < CONSTANT * size)
    fewer, sign = (above, "above") if len(above) <= len(below) else (below, "below")
    if alike < MOSTLY or len(fewer) < LEAST or len(np.intersect1d(above, below)) > (1 - MOSTLY) * len(fewer):
        return []
    text = (
        f"two levels of theory look mixed: the energies of {len(fewer)} of {len(np.union1d(near.i, near.j))} "
        f"frames compared are {size:.4g} eV {sign} those of near structures; keep one level"
    )
    return [Finding("mixed_levels", text, tuple(fewer.tolist()))]


def _below_gap(sizes: np.ndarray) -> np.ndarray | None:
    """Which are below the widest gap; None without one."""
    ordered = np.sort(sizes)
    low, high = int(0.05 * len(ordered)), int(0.98 * len(ordered))
    if high - low < 20:
        return None
    steps = ordered[low + 1 : high] / np.maximum(ordered[low : high - 1], 1e-3)
    return sizes <= ordered[low + steps.argmax()] if steps.max() > GAP else None
