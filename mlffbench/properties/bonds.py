"""Bonds from distances: two atoms closer than a multiple of the sum of their covalent radii."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.neighborlist import natural_cutoffs
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mlffbench.descriptors.neighbours import neighbour_list

__all__ = ["atoms_beyond_bond", "bonds", "fragments"]

BONDED = 1.25  # O-H ... O at 1.6 Å is a hydrogen bond, a stretched C-C of 1.8 Å is a bond


def bonds(atoms: Atoms, factor: float = BONDED) -> np.ndarray:
    """Bonded pairs i < j, (n_bonds, 2); atoms bonded across a cell's border count once."""
    first, second = neighbour_list("ij", atoms, np.array(natural_cutoffs(atoms, mult=factor)))
    pairs = np.column_stack([first, second])[first < second]
    return np.unique(pairs, axis=0)


def fragments(pairs: np.ndarray, n_atoms: int) -> np.ndarray:
    """Index of the connected fragment of each atom, (n_atoms,)."""
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n_atoms, n_atoms))
    return connected_components(graph, directed=False)[1]


def atoms_beyond_bond(atoms: Atoms, axis: tuple[int, int]) -> np.ndarray:
    """Indices of the atoms on the second atom's side of a bond, that atom among them.

    Raises
    ------
    ValueError
        The atoms are not bonded, or the bond is part of a ring.
    """
    names = "-".join(f"{atoms.symbols[i]}{i}" for i in axis)
    pairs = bonds(atoms)
    cut = np.all(pairs == np.sort(axis), axis=1)
    if not cut.any():
        raise ValueError(
            f"{names} is not a bond of the structure; name the atoms to be turned with move=[...]"
        )
    labels = fragments(pairs[~cut], len(atoms))
    if labels[axis[0]] == labels[axis[1]]:
        raise ValueError(
            f"the bond {names} is part of a ring: nothing turns about it; move=[...] names atoms to be turned"
        )
    return np.flatnonzero(labels == labels[axis[1]])
