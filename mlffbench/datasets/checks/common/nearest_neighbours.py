"""Each atom's nearest neighbour, and whether positions are in Å."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from scipy.spatial import KDTree

from mlffbench.data import Dataset
from mlffbench.datasets.checks.common.frame_selection import usable
from mlffbench.datasets.checks.common.memoise import memoised

__all__ = ["nearest", "typical"]

NOBLE = (2, 10, 18, 36, 54, 86)
REACH, LONGEST = (1.2, 2.0, 4.0, 8.0), 12.0  # times the cube root of the volume an atom has; Å


@memoised
def nearest(dataset: Dataset) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """By frame, each atom's nearest neighbour: distance in Å, and over the sum of covalent radii.

    Periodic images count; nan instead of the ratio for noble gases.
    """
    frames = ((i, dataset.frames[i]) for i in usable(dataset).tolist())
    return {i: _nearest(a) for i, a in frames if len(a) > 1 or a.pbc.all()}


def typical(dataset: Dataset) -> tuple[float, float]:
    """The 10th and the 50th percentile of the ratio in frames of three atoms and more: near 1."""
    ratios = [ratio for distance, ratio in nearest(dataset).values() if len(distance) > 2]
    ratios = [r[np.isfinite(r)] for r in ratios]
    together = np.concatenate(ratios) if ratios else np.empty(0)
    if len(together) == 0:
        return 1.0, 1.0
    low, middle = np.percentile(together, [10, 50])
    return float(low), float(middle)


def _nearest(atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
    """Each atom's nearest neighbour: distance in Å, and over the sum of radii; nan for noble gases."""
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
    from matscipy.neighbours import neighbour_list

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
