"""Second derivatives of a potential by differences of forces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench import progress

__all__ = ["Hessian", "hessian"]


@dataclass(frozen=True)
class Hessian:
    """−∂F_i/∂r_j as it was measured: symmetric only where forces are a gradient.

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
        """‖(H − Hᵀ)/2‖/‖H‖ (Frobenius), 0 where forces conserve energy and 1 where they only turn."""
        norm = np.linalg.norm(self.matrix)
        return float(np.linalg.norm(self.matrix - self.matrix.T) / (2 * norm)) if norm > 0 else 0.0


def hessian(calculator: BaseCalculator, atoms: Atoms, displacement: float = 0.005) -> Hessian:
    """Central differences of the forces along every coordinate, 6 n evaluations.

    Parameters
    ----------
    calculator : Calculator
        With forces.
    atoms : Atoms
        Not changed.
    displacement : float
        Å.
    """
    moved = atoms.copy()
    moved.set_constraint()
    moved.calc = calculator
    rows = []
    for k in range(3 * len(atoms)):
        forces = []
        for sign in (1, -1):
            positions = atoms.positions.copy()
            positions.flat[k] += sign * displacement
            moved.positions = positions
            forces.append(moved.get_forces().ravel())
        rows.append((forces[1] - forces[0]) / (2 * displacement))
        progress.report("hessian", k + 1, 3 * len(atoms))
    return Hessian(np.array(rows).T)
