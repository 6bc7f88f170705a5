"""Kind of a structure: molecule, chain, slab or bulk, by the directions without vacuum."""

from __future__ import annotations

import numpy as np
from ase import Atoms

__all__ = ["structure_kind"]

VACUUM = 6.0  # Å: atoms farther apart than this do not touch
KINDS = ("bulk", "slab", "chain", "molecule")


def structure_kind(atoms: Atoms) -> str:
    """Return ``molecule``, ``chain``, ``slab`` or ``bulk``: 0 to 3 periodic directions without vacuum.

    A layer with more than 6 Å of vacuum in a cell that is periodic in three directions is a slab; one
    molecule in a large periodic box is a molecule.

    Examples
    --------
    >>> from ase.build import bulk, fcc111, molecule
    >>> slab = fcc111("Cu", (2, 2, 3), vacuum=8.0, periodic=True)
    >>> [structure_kind(a) for a in (bulk("Si"), slab, molecule("H2O"))]
    ['bulk', 'slab', 'molecule']
    """
    return KINDS[sum(not atoms.pbc[axis] or _has_vacuum(atoms, axis) for axis in range(3))]


def _has_vacuum(atoms: Atoms, axis: int) -> bool:
    """True if a layer normal to the cell's other two vectors is empty."""
    cell = np.asarray(atoms.cell)
    normal = np.cross(cell[axis - 2], cell[axis - 1])
    area = float(np.linalg.norm(normal))
    height = abs(float(cell[axis] @ normal)) / area if area > 0 else 0.0
    if height <= VACUUM:
        return False
    places = np.sort(np.linalg.solve(cell.T, atoms.positions.T)[axis] % 1.0)
    gaps = np.diff(places, append=places[0] + 1.0)
    return bool(gaps.max() * height > VACUUM)
