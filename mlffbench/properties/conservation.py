"""Energy conservation: are forces minus the gradient of the energy, and is the energy continuous?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import energies_and_forces, takes_any_structure

__all__ = ["Conservation", "conservation", "energy_force_residual"]


@dataclass(frozen=True)
class Conservation:
    """Energies and forces along straight lines through the coordinates of all atoms.

    Attributes
    ----------
    energies : (n_lines, n) array, eV
    powers : (n_lines, n) array, eV/Å
        Force along the line's direction, −dE/ds where energy is conserved.
    step : float
        Distance between points of the line, Å.
    """

    energies: np.ndarray
    powers: np.ndarray
    step: float

    @property
    def work(self) -> np.ndarray:
        """E(s+h) − E(s) + ∫F ds, eV, (n_lines, n − 3), F the cubic through four forces."""
        return energy_force_residual(self.energies, self.powers, self.step)

    @property
    def error(self) -> float:
        """√⟨(work/h)²⟩, eV/Å: 0 up to rounding where forces are the gradient of a smooth energy."""
        return float(np.sqrt(np.mean((self.work / self.step) ** 2)))

    @property
    def relative_error(self) -> float:
        """`error` over the root mean square of the force along the lines."""
        return float(self.error / max(np.sqrt(np.mean(self.powers**2)), 1e-12))

    @property
    def largest_step(self) -> float:
        """Largest |work| of one step, eV: a discontinuity of the energy shows with its full height."""
        return float(np.abs(self.work).max())


def energy_force_residual(energies: np.ndarray, powers: np.ndarray, step: float) -> np.ndarray:
    """ΔE + ∫F ds between neighbours on lines of n points, (..., n − 3), F the cubic through four forces."""
    f = powers
    integral = step / 24 * (-f[..., :-3] + 13 * f[..., 1:-2] + 13 * f[..., 2:-1] - f[..., 3:])
    return np.diff(energies)[..., 1:-1] + integral


@takes_any_structure
def conservation(
    calculator: BaseCalculator,
    atoms: Atoms,
    n_lines: int = 4,
    length: float = 0.4,
    n: int = 41,
    seed: int = 0,
) -> Conservation:
    """Compare energies and forces along random straight lines through the structure's coordinates.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with energies and forces.
    atoms : Atoms
        Structure in the middle of every line.
    n_lines : int
        Number of lines.
    length : float
        Length of a line over √n_atoms, the root mean square path of an atom, Å.
    n : int
        Points on a line.
    seed : int
        Seed of the directions.
    """
    rng = np.random.default_rng(seed)
    span = length * len(atoms) ** 0.5
    energies, powers = [], []
    for _ in range(n_lines):
        direction = rng.normal(size=(len(atoms), 3))
        direction /= np.linalg.norm(direction)
        line = [_moved(atoms, s * direction) for s in np.linspace(-span / 2, span / 2, n)]
        energy, forces = energies_and_forces(calculator, line)
        energies.append(energy)
        powers.append([float((f * direction).sum()) for f in forces])
    return Conservation(np.array(energies), np.array(powers), span / (n - 1))


def _moved(atoms: Atoms, shift: np.ndarray) -> Atoms:
    moved = atoms.copy()
    moved.set_constraint()
    moved.positions += shift
    return moved
