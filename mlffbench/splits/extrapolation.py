"""Split for extrapolation: test beyond the energies, forces, strains or sizes of the training frames."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from mlffbench.data import Dataset, Split
from mlffbench.registry import suggest
from mlffbench.splits.common.groups import hold_out_test
from mlffbench.splits.common.quantities import QUANTITIES
from mlffbench.system.ranges import Count, OpenShare, ShareBelowOne

__all__ = ["extrapolation"]


def extrapolation(
    dataset: Dataset,
    seed: int = 0,
    by: Literal["energy", "force", "strain", "size"] = "energy",
    train: OpenShare = 0.8,
    test_fraction: ShareBelowOne = 0.1,
    bins: Count = 1,
) -> Split:
    """Train on the frames lowest in energy, force, strain or size; test on those above (``extrapolation``).

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Seed of the choice of frames held out for ``in_domain``.
    by : {"energy", "force", "strain", "size"}
        The quantity. The energy per atom above the least-squares energy of its composition (eV/atom); the
        largest force on an atom (eV/Å); the largest principal strain of the cell, in magnitude, against the
        median cell of the same formula; the number of atoms.
    train : float
        Share of the frames below the limit; equal values stay on one side of it.
    test_fraction : float
        Share of these held out as the test ``in_domain``; 0 for none.
    bins : int
        Number of test groups of about equal size; ``extrapolation_1`` is the nearest to training.

    Raises
    ------
    ValueError
        No such quantity, frames without it or all with the same, or more bins than different values.
    """
    if by not in QUANTITIES:
        raise ValueError(f"no quantity {by!r} to extrapolate by{suggest(str(by), QUANTITIES)}")
    if not 0 < train < 1:
        raise ValueError(f"train must be a share of the frames between 0 and 1; got {train!r}")
    values = np.round(QUANTITIES[by].of(dataset), 9)  # rounding noise must not order equal frames
    limit = _limit(values, train, f"{dataset.name}: all frames have the same {by}; nothing lies beyond")
    low = np.flatnonzero(values <= limit)
    held = hold_out_test(low, test_fraction, seed, f"{by} up to {limit:.6g} {QUANTITIES[by].unit}".strip())
    above = _bins(values, np.flatnonzero(values > limit), bins)
    tests = ({"in_domain": held} if len(held) else {}) | above
    notes = _notes(by, values, limit, above)
    return Split(np.setdiff1d(low, held), tests, "in_domain" if len(held) else None, notes)


def _limit(values: np.ndarray, share: float, refusal: str) -> float:
    """Largest value that trains: that of the share of the frames, or the lowest value."""
    levels, counts = np.unique(values, return_counts=True)
    if len(levels) < 2:
        raise ValueError(refusal)
    fits = np.flatnonzero(np.cumsum(counts)[:-1] <= share * len(values) + 1e-9)
    return float(levels[fits[-1]] if len(fits) else levels[0])


def _bins(values: np.ndarray, above: np.ndarray, bins: int) -> dict[str, np.ndarray]:
    """Test groups of rising value; frames of equal value are in the same group."""
    if bins == 1:
        return {"extrapolation": above}
    own = values[above]
    bin_ = np.searchsorted(np.sort(own), own) * bins // len(own)
    groups = [above[bin_ == b] for b in range(bins)]
    if bins < 1 or any(len(g) == 0 for g in groups):
        raise ValueError(
            f"cannot cut {len(own)} frames of {len(np.unique(own))} different values into {bins} bins"
        )
    return {f"extrapolation_{b + 1}": g for b, g in enumerate(groups)}


def _notes(by: str, values: np.ndarray, limit: float, above: dict[str, np.ndarray]) -> dict[str, Any]:
    """Notes of the split: the quantity, the limit, and the range of each test group."""
    ranges = {name: [float(values[i].min()), float(values[i].max())] for name, i in above.items()}
    return {"by": by, "unit": QUANTITIES[by].unit, "lowest": float(values.min()), "limit": limit} | ranges
