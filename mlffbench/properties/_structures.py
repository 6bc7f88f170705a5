"""What several properties do with a structure: repeat it until it is wide, ask for its energy and forces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

__all__ = ["evaluated", "evaluated_many", "repeats", "scaled"]

BATCH = 512  # atoms evaluated at once


def repeats(atoms: Atoms, min_length: float) -> np.ndarray:
    """How often each axis is repeated for a supercell `min_length` Å wide between its faces, (3,) int."""
    widths = 1 / np.linalg.norm(atoms.cell.reciprocal(), axis=1)
    return np.maximum(np.ceil(min_length / widths - 1e-6).astype(int), 1)


def scaled(atoms: Atoms, factor: float) -> Atoms:
    """A copy without constraints, cell and positions times `factor`."""
    copy = atoms.copy()
    copy.set_constraint()
    copy.set_cell(atoms.cell.array * factor)
    copy.positions = atoms.positions * factor
    return copy


def evaluated(calculator: BaseCalculator, atoms: Atoms) -> tuple[float, np.ndarray]:
    """Energy, eV, and forces (n, 3), eV/Å, of a copy without constraints."""
    bare = atoms.copy()
    bare.set_constraint()
    bare.calc = calculator
    return float(bare.get_potential_energy()), bare.get_forces()


def evaluated_many(
    calculator: BaseCalculator, structures: Sequence[Atoms]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Energies (n,), eV, and the forces of each, eV/Å; in batches where `calculator` can."""
    many = getattr(calculator, "calculate_many", None)
    if many is None:
        found = [evaluated(calculator, atoms) for atoms in structures]
        return np.array([energy for energy, _ in found]), [forces for _, forces in found]
    size = max(1, BATCH // max(len(a) for a in structures))
    results = [r for i in range(0, len(structures), size) for r in many(structures[i : i + size])]
    return np.array([r["energy"] for r in results]), [r["forces"] for r in results]
