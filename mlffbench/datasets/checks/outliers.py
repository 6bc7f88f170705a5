"""Labels that do not belong to their frames: energies and forces far off those of near structures."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.energy_force_consistency import Slope, force_slope
from mlffbench.datasets.checks.common.energy_zero import energy_zero
from mlffbench.datasets.checks.common.frame_pairs import BOND, Pairs, neighbours, pairs
from mlffbench.datasets.checks.common.frame_selection import families, forces_of, spread
from mlffbench.datasets.checks.common.level_shift import level_shift

__all__ = ["outliers"]

LEAST, REFERENCE, EXTREME = 10, 400, 100  # frames of a family, to compare with, of extreme energy
SHORTEST = 0.02  # Å
FEW = 0.02  # more than this share of a family are no outliers but another population


def outliers(dataset: Dataset, energy: float = 10.0, steep: float = 8.0, force: float = 5.0) -> list[Finding]:
    """Energies off the surface through near structures, forces too large for the energy.

    Not what is merely rare: a stretched bond at the end of a dissociation curve, or a hot frame, is none.
    An energy is an outlier if |ΔE| over distance to its nearest structures is `steep` times theirs to any
    other; half of that is enough if it is `energy` robust standard deviations (MAD) off the median. Forces
    are outliers if the largest is `force` times the 90th percentile, and F²/(E − E_min), the stiffness they
    would mean, ten times that of other frames. Ten frames of the same atoms are needed, and of energies no
    more than a few may be off: many are another level's or reference's, and those checks' to find.
    """
    off: list[int] = []
    strong: list[int] = []
    for family in families(dataset):
        if len(family) >= LEAST and len(pairs(dataset)):
            off += _few(family, _off_energies(dataset, family, energy, steep))
            strong += _few(family, _strong_forces(dataset, family, force))
    if off and (energy_zero(dataset).is_mixed or level_shift(dataset) is not None):
        off = []
    rows = [
        (off, "energies", "do not belong to their structures, near ones have quite others"),
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


def _few(family: np.ndarray, found: list[int]) -> list[int]:
    return found if len(found) <= 1 + FEW * len(family) else []


def _off_energies(dataset: Dataset, family: np.ndarray, far: float, steep: float) -> list[int]:
    """Among the extreme energies and a sample of all."""
    energies = dataset.labels.energy[family]
    off = np.abs(energies - np.median(energies))
    remote = set(family[off > far * 1.4826 * np.median(off)].tolist())
    extreme = family[np.argsort(-off, kind="stable")][:EXTREME]
    members = np.union1d(spread(family, REFERENCE), extreme)
    around = _slopes(neighbours(dataset, members), force_slope(dataset))
    usual = {i: float(np.median([s for s, _ in rows])) for i, rows in around.items()}
    nearby = {i: [s for _, j in rows for s, k in around[j] if k != i] for i, rows in around.items()}
    ratio = {i: usual[i] / (max(slopes) + 1e-9) for i, slopes in nearby.items() if slopes}
    return [i for i, value in ratio.items() if value > (steep / 2 if i in remote else steep)]


def _slopes(near: Pairs, force: Slope | None) -> dict[int, list[tuple[float, int]]]:
    """By frame, slopes |ΔE|/distance to its neighbours, less the work of the forces if that explains them."""
    work = 0.0 if force is None else force.value * np.nan_to_num(near.force_work)
    change = np.minimum(np.abs(near.energy), np.abs(near.energy - work))
    slopes = change / (near.distance + BOND * near.strain + SHORTEST)
    around: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for i, j, slope in zip(near.i.tolist(), near.j.tolist(), slopes.tolist(), strict=True):
        around[i].append((slope, j))
        around[j].append((slope, i))
    return around


def _strong_forces(dataset: Dataset, family: np.ndarray, far: float) -> list[int]:
    given = {int(i): np.abs(f).max() for i in family if (f := forces_of(dataset, int(i))) is not None}
    if len(given) < LEAST:
        return []
    frames, largest = np.array(list(given)), np.array(list(given.values()))
    energies = dataset.labels.energy[frames]
    spread_ = np.median(np.abs(energies - np.median(energies)))
    above = np.maximum(energies - np.percentile(energies, 2), 0) + spread_ + 1e-6
    stiffness = largest**2 / above
    strong = (largest > far * np.percentile(largest, 90)) & (stiffness > 10 * np.percentile(stiffness, 90))
    return frames[strong].tolist()
