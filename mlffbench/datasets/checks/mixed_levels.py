"""Frames of different levels of theory."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.level_shift import level_shift

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


def mixed_levels(dataset: Dataset) -> list[Finding]:
    """Several levels of theory: named in a column, or seen as a constant shift between near structures.

    Energy differences of near frames, less the work of forces and stress, are small within one level. If
    some are larger by a gap, all by one constant, and each frame is always above or always below, then two
    groups of frames were calculated differently.
    """
    findings = [
        Finding(
            "mixed_levels", f"column {name!r} has several values, {_counts(values)}; keep one level of theory"
        )
        for name, values in dataset.columns.items()
        if name.lower() in NAMES and len(set(values.tolist()) - {""}) > 1
    ]
    shift = level_shift(dataset)
    if shift is not None:
        text = (
            f"two levels of theory look mixed: the energies of {len(shift.frames)} of {shift.n_compared} "
            f"frames compared are {shift.size:.4g} eV {shift.sign} those of near structures; keep one level"
        )
        findings.append(Finding("mixed_levels", text, tuple(shift.frames.tolist())))
    return findings


def _counts(values: np.ndarray) -> str:
    """The first five values and how often each occurs."""
    names, counts = np.unique(values.astype(str), return_counts=True)
    return ", ".join(f"{n} ({c})" for n, c in zip(names[:5], counts, strict=False))
