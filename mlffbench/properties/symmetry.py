"""Crystal symmetry by spglib: space group, symmetry operations and standard cells."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms

__all__ = ["standard_cell", "symmetry_dataset"]


def symmetry_dataset(atoms: Atoms, symprec: float) -> Any:
    """spglib's symmetry dataset (``number``, ``international``, ``rotations`` ...); None without symmetry.

    Parameters
    ----------
    symprec : float
        Largest distance of an atom from its symmetric position, Å.
    """
    import spglib

    return spglib.get_symmetry_dataset(_cell(atoms), symprec=symprec)


def standard_cell(
    atoms: Atoms, symprec: float, primitive: bool = False, idealize: bool = True
) -> Atoms | None:
    """Conventional or primitive cell of a crystal; None if spglib finds no symmetry.

    Parameters
    ----------
    symprec : float
        Largest distance of an atom from its symmetric position, Å.
    primitive : bool
        True returns the primitive cell.
    idealize : bool
        True returns the standard orientation with exactly symmetric positions, False keeps the crystal's own.
    """
    import spglib

    cell = spglib.standardize_cell(
        _cell(atoms), to_primitive=primitive, no_idealize=not idealize, symprec=symprec
    )
    if cell is None:
        return None
    lattice, positions, numbers = cell
    return Atoms(numbers, cell=lattice, scaled_positions=positions, pbc=True)


def _cell(atoms: Atoms) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lattice vectors, scaled positions and atomic numbers: a crystal in spglib's terms."""
    return atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers
