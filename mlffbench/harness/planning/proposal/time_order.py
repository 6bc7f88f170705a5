"""Detection of trajectories in the order of the frames: neighbouring frames are nearer than random ones."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset

__all__ = ["neighbour_ratio"]

MOST, LEAST = 200, 10  # pairs that are compared
RUN = 2  # the two frames of a pair of neighbours


def neighbour_ratio(dataset: Dataset) -> float | None:
    """Median distance of consecutive frames over that of random frames of the same atoms.

    About 1 for frames in no order; a trajectory, a scan or a series of strained cells has less. None where
    fewer than ten pairs of consecutive frames have the same atoms in the same order.
    """
    n = len(dataset)
    rng = np.random.default_rng(n)
    starts = np.unique(np.linspace(0, n - RUN, MOST).astype(int)) if n > RUN else np.empty(0, dtype=int)
    pairs = [(dataset.frames[i], dataset.frames[i + 1]) for i in starts.tolist()]
    near = [(a, b) for a, b in pairs if _are_alike(a, b)]
    others = rng.permutation(len(near)).tolist()
    far = [
        (near[i][0], near[j][0])
        for i, j in enumerate(others)
        if i != j and _are_alike(near[i][0], near[j][0])
    ]
    if min(len(near), len(far)) < LEAST:
        return None
    apart = float(np.median([_distance(a, b) for a, b in far]))
    return float(np.median([_distance(a, b) for a, b in near])) / apart if apart > 0 else None


def _are_alike(a: Atoms, b: Atoms) -> bool:
    return np.array_equal(a.numbers, b.numbers) and np.array_equal(a.pbc, b.pbc)


def _distance(a: Atoms, b: Atoms) -> float:
    """Root mean square displacement to the nearest images, without the common shift, plus the strain, Å."""
    one, two = np.asarray(a.cell.complete()), np.asarray(b.cell.complete())
    moved = b.positions @ np.linalg.inv(two) - a.positions @ np.linalg.inv(one)
    moved = (moved - np.round(moved) * a.pbc) @ ((one + two) / 2)
    moved -= moved.mean(axis=0)
    strain = np.linalg.norm(two - one) if a.pbc.any() else 0.0
    return float(np.sqrt((moved**2).sum() / len(a)) + strain / len(a) ** (1 / 3))
