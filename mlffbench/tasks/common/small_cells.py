"""Cells of a single atom, repeated for tasks that move the atoms against each other."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from mlffbench.data import bare

__all__ = ["repeated_cell"]

MIN_ATOMS = 8  # of a repeated cell


def repeated_cell(atoms: Atoms) -> Atoms:
    """Repeat a periodic cell of one atom, which cannot move against its images; return any other as it is."""
    if len(atoms) > 1 or not atoms.pbc.any():
        return atoms
    wide = bare(atoms)
    while len(wide) < MIN_ATOMS:
        lengths = np.where(wide.pbc, wide.cell.lengths(), np.inf)
        wide = wide.repeat(np.eye(3, dtype=int)[np.argmin(lengths)] + 1)
    return wide
