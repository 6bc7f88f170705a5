"""Crystal symmetry by spglib: space group, symmetry operations and standard cells."""

from __future__ import annotations

from typing import Any

from ase import Atoms

__all__ = ["standard_cell", "symmetry_dataset"]


def symmetry_dataset(atoms: Atoms, symprec: float) -> Any:
    """spglib's symmetry dataset (``number``, ``international``, ``rotations`` ...); None without symmetry.

    Parameters
    ----------
    symprec : float
        Largest distance of an atom from its symmetric position, Å.
    """
    return _call("get_symmetry_dataset", atoms, symprec=symprec)


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
    cell = _call("standardize_cell", atoms, to_primitive=primitive, no_idealize=not idealize, symprec=symprec)
    if cell is None:
        return None
    lattice, positions, numbers = cell
    return Atoms(numbers, cell=lattice, scaled_positions=positions, pbc=True)


def _call(function: str, atoms: Atoms, **parameters: Any) -> Any:
    """Result of a function of spglib; None if it fails.

    spglib returns None or, once phonopy has been imported, raises: phonopy changes that setting globally.
    """
    import spglib

    cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    try:
        return getattr(spglib, function)(cell, **parameters)
    except getattr(spglib, "SpglibError", ()):  # since spglib 2.7
        return None
