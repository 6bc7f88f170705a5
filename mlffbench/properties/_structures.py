"""What several properties do with a structure: repeat it until it is wide, ask for its energy and forces."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

__all__ = ["evaluated", "repeats"]


def repeats(atoms: Atoms, min_length: float) -> np.ndarray:
    """How often each axis is repeated for a supercell `min_length` Å wide between its faces, (3,) int."""
    widths = 1 / np.linalg.norm(atoms.cell.reciprocal(), axis=1)
    return np.maximum(np.ceil(min_length / widths - 1e-6).astype(int), 1)


def evaluated(calculator: BaseCalculator, atoms: Atoms) -> tuple[float, np.ndarray]:
    """Energy, eV, and forces (n, 3), eV/Å, of a copy without constraints."""
    bare = atoms.copy()
    bare.set_constraint()
    bare.calc = calculator
    return float(bare.get_potential_energy()), bare.get_forces()
