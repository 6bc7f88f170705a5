"""Hessian of a potential by finite differences of forces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import energies_and_forces, most_atoms, takes_any_structure
from mlffbench.system import progress

__all__ = ["Hessian", "hessian"]


@dataclass(frozen=True)
class Hessian:
    """Matrix −∂F_i/∂r_j as measured: symmetric only where the forces are a gradient.

    Attributes
    ----------
    matrix : (3 n, 3 n) array, eV/Å²
    """

    matrix: np.ndarray

    @property
    def symmetric(self) -> np.ndarray:
        """(H + Hᵀ)/2, eV/Å²."""
        return (self.matrix + self.matrix.T) / 2

    @property
    def asymmetry(self) -> float:
        """‖(H − Hᵀ)/2‖/‖H‖ (Frobenius): 0 for conservative forces, 1 for purely rotational ones."""
        norm = np.linalg.norm(self.matrix)
        return float(np.linalg.norm(self.matrix - self.matrix.T) / (2 * norm)) if norm > 0 else 0.0


@takes_any_structure
def hessian(calculator: BaseCalculator, atoms: Atoms, displacement: float = 0.005) -> Hessian:
    """Central differences of the forces along every coordinate, 6 n evaluations.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    atoms : Atoms
        Structure; not changed.
    displacement : float
        Displacement of a coordinate to either side, Å.
    """
    rows, n = [], len(atoms)
    together = max(most_atoms(calculator) // (6 * n), 1)  # atoms displaced in one batch
    for first in range(0, n, together):
        moved = [
            _displaced(atoms, i, axis, s * displacement)
            for i in range(first, min(first + together, n))
            for axis in range(3)
            for s in (1, -1)
        ]
        forces = np.array(energies_and_forces(calculator, moved)[1]).reshape(-1, 2, 3 * n)
        rows.append((forces[:, 1] - forces[:, 0]) / (2 * displacement))
        progress.report("hessian", min(first + together, n), n)
    return Hessian(np.concatenate(rows).T)


def _displaced(atoms: Atoms, i: int, axis: int, shift: float) -> Atoms:
    moved = atoms.copy()
    moved.set_constraint()
    moved.positions[i, axis] += shift
    return moved
