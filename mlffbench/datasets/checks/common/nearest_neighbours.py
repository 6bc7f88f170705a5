"""Distances of nearest neighbours, in Å and relative to covalent radii."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from scipy.spatial import KDTree

from mlffbench.data import Dataset
from mlffbench.datasets.checks.common.frame_selection import usable_frames
from mlffbench.datasets.checks.common.memoise import memoised
from mlffbench.descriptors.neighbours import neighbour_list

__all__ = ["distance_percentiles", "nearest_distances"]

NOBLE = (2, 10, 18, 36, 54, 86)
REACH, LONGEST = (1.2, 2.0, 4.0, 8.0), 12.0  # cutoffs: in cube roots of the volume per atom; in Å


@memoised
def nearest_distances(dataset: Dataset) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Distance of each atom's nearest neighbour by frame: in Å, and over the sum of covalent radii.

    Periodic images count. The ratio is nan for noble gases.
    """
    frames = ((i, dataset.frames[i]) for i in usable_frames(dataset).tolist())
    return {i: _frame_distances(a) for i, a in frames if len(a) > 1 or a.pbc.all()}


def distance_percentiles(dataset: Dataset) -> tuple[float, float]:
    """10th and 50th percentile of the ratio in frames of three or more atoms: near 1 for positions in Å."""
    ratios = [ratio for distance, ratio in nearest_distances(dataset).values() if len(distance) > 2]
    ratios = [r[np.isfinite(r)] for r in ratios]
    values = np.concatenate(ratios) if ratios else np.empty(0)
    if len(values) == 0:
        return 1.0, 1.0
    low, middle = np.percentile(values, [10, 50])
    return float(low), float(middle)


def _frame_distances(atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
    """Distance of each atom's nearest neighbour in one frame: in Å, and over the sum of covalent radii."""
    if atoms.pbc.all():
        distance, other = _periodic_nearest(atoms)
    else:
        d, j = KDTree(atoms.positions).query(atoms.positions, k=2)
        distance, other = d[:, 1], np.where(j[:, 1] == np.arange(len(j)), j[:, 0], j[:, 1])
    radii = covalent_radii[atoms.numbers]
    ratio = distance / (radii + radii[other])
    ratio[np.isin(atoms.numbers, NOBLE)] = np.nan
    return distance, ratio


def _periodic_nearest(atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
    """Distance and index of each atom's nearest neighbour, periodic images included."""
    n = len(atoms)
    size = (atoms.get_volume() / n) ** (1 / 3)
    for reach in REACH:
        i, j, d = neighbour_list("ijd", atoms, min(reach * size, LONGEST))
        if len(np.unique(i)) == n:
            break
    order = np.lexsort((d, i))
    atom, first = np.unique(i[order], return_index=True)
    distance, other = np.full(n, LONGEST), np.arange(n)
    distance[atom], other[atom] = d[order][first], j[order][first]
    return distance, other
