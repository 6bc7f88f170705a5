"""Labels that do not belong to their frames: energies and forces far from those of near structures."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.energy_force_consistency import Slope, force_slope
from mlffbench.datasets.checks.common.energy_zero import energy_zero
from mlffbench.datasets.checks.common.frame_pairs import (
    STRAIN_TO_DISTANCE,
    FramePairs,
    near_pairs,
    pairs_among,
)
from mlffbench.datasets.checks.common.frame_selection import families, forces_of, subsample
from mlffbench.datasets.checks.common.level_shift import level_shift

__all__ = ["outliers"]

LEAST, REFERENCE, EXTREME = 10, 400, 100  # frames of a family, to compare with, of extreme energy
SHORTEST = 0.02  # Å
FEW = 0.02  # more than this share of a family are no outliers but another population


def outliers(dataset: Dataset, energy: float = 10.0, steep: float = 8.0, force: float = 5.0) -> list[Finding]:
    """Energies far from those of near structures, and forces too large for their energy.

    Rare structures are no outliers, such as hot frames or the stretched bond at the end of a dissociation.
    An energy is an outlier if |ΔE| over distance to its nearest structures is `steep` times theirs to any
    other; half of that is enough if it is `energy` robust standard deviations (MAD) off the median. Forces
    are outliers if the largest is `force` times the 90th percentile, and F²/(E − E_min), the stiffness they
    would mean, ten times that of other frames. At least ten frames of the same atoms are needed. Where many
    energies are off, or zeros or levels of theory are mixed, other checks say so.
    """
    outlying: list[int] = []
    strong: list[int] = []
    for family in families(dataset):
        if len(family) >= LEAST and len(near_pairs(dataset)):
            outlying += _few(family, _outlying_energies(dataset, family, energy, steep))
            strong += _few(family, _strong_forces(dataset, family, force))
    if outlying and (energy_zero(dataset).is_mixed or level_shift(dataset) is not None):
        outlying = []
    rows = [
        (outlying, "energies", "do not belong to their structures, near ones have quite others"),
        (strong, "forces", "are far too large for their energies"),
    ]
    return [
        Finding(
            "outliers",
            f"the {what} of {len(bad)} of {len(dataset)} frames {text}; look at their calculations",
            tuple(sorted(bad)),
        )
        for bad, what, text in rows
        if bad
    ]


def _few(family: np.ndarray, outlying: list[int]) -> list[int]:
    """The outlying frames, or none if they are a population of their own."""
    return outlying if len(outlying) <= 1 + FEW * len(family) else []


def _outlying_energies(dataset: Dataset, family: np.ndarray, far: float, steep: float) -> list[int]:
    """Frames with outlying energies, among those of extreme energy and a sample of all."""
    energies = dataset.labels.energy[family]
    deviation = np.abs(energies - np.median(energies))
    remote = set(family[deviation > far * 1.4826 * np.median(deviation)].tolist())
    extreme = family[np.argsort(-deviation, kind="stable")][:EXTREME]
    members = np.union1d(subsample(family, REFERENCE), extreme)
    steepness = _steepness(pairs_among(dataset, members), force_slope(dataset))
    usual = {i: float(np.median([s for s, _ in rows])) for i, rows in steepness.items()}
    nearby = {i: [s for _, j in rows for s, k in steepness[j] if k != i] for i, rows in steepness.items()}
    ratio = {i: usual[i] / (max(slopes) + 1e-9) for i, slopes in nearby.items() if slopes}
    return [i for i, value in ratio.items() if value > (steep / 2 if i in remote else steep)]


def _steepness(near: FramePairs, force: Slope | None) -> dict[int, list[tuple[float, int]]]:
    """|ΔE| over distance to each neighbour, with the neighbour, by frame.

    The work of the forces is subtracted from ΔE where it explains a part of it.
    """
    work = 0.0 if force is None else force.value * np.nan_to_num(near.force_work)
    change = np.minimum(np.abs(near.energy), np.abs(near.energy - work))
    slopes = change / (near.distance + STRAIN_TO_DISTANCE * near.strain + SHORTEST)
    by_frame: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for i, j, slope in zip(near.i.tolist(), near.j.tolist(), slopes.tolist(), strict=True):
        by_frame[i].append((slope, j))
        by_frame[j].append((slope, i))
    return by_frame


def _strong_forces(dataset: Dataset, family: np.ndarray, far: float) -> list[int]:
    """Frames whose largest force is too large for their energy."""
    maxima = {int(i): np.abs(f).max() for i in family if (f := forces_of(dataset, int(i))) is not None}
    if len(maxima) < LEAST:
        return []
    frames, largest = np.array(list(maxima)), np.array(list(maxima.values()))
    energies = dataset.labels.energy[frames]
    width = np.median(np.abs(energies - np.median(energies)))
    above = np.maximum(energies - np.percentile(energies, 2), 0) + width + 1e-6
    stiffness = largest**2 / above
    strong = (largest > far * np.percentile(largest, 90)) & (stiffness > 10 * np.percentile(stiffness, 90))
    return frames[strong].tolist()
