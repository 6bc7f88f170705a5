"""Neighbour lists within a cutoff, periodic images included, by the fastest method for the structure."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from scipy.spatial.distance import cdist

from mlffbench.descriptors.neighbours import neighbour_list

__all__ = ["DENSE", "neighbours"]

DENSE = 500  # atoms of a molecule, up to which the whole distance matrix is computed


def neighbours(atoms: Atoms, cutoff: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and second atom and distance, Å, of every directed pair nearer than `cutoff`, by first atom."""
    if atoms.pbc.any() or len(atoms) > DENSE:
        i, j, d = neighbour_list("ijd", atoms, float(cutoff))
        return i, j, d
    d = cdist(atoms.positions, atoms.positions)
    np.fill_diagonal(d, np.inf)
    i, j = np.nonzero(d < cutoff)
    return i, j, d[i, j]
