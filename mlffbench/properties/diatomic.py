"""Diatomic curves: energies and forces of two atoms pulled apart, and measures of their physical shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.data import atomic_numbers, covalent_radii
from scipy.stats import spearmanr

from mlffbench.properties._structures import energies_and_forces
from mlffbench.properties.conservation import energy_force_residual

__all__ = ["Diatomic", "diatomic"]

HIGH = 20.0  # eV: higher walls are too steep for finite differences
NOISE = 1e-3  # eV or eV/Å: smaller changes do not count


@dataclass(frozen=True)
class Diatomic:
    """Energy curve of a pair of atoms, with the definitions of MLIP Arena (Chiang et al., arXiv:2509.20630).

    Attributes
    ----------
    symbols : (str, str)
    distances : (n,) array, Å, ascending
    energies : (n,) array, eV; 0 at the longest distance
    forces : (n,) array, eV/Å
        Force along the bond, positive where the atoms repel one another.
    """

    symbols: tuple[str, str]
    distances: np.ndarray
    energies: np.ndarray
    forces: np.ndarray

    @property
    def tortuosity(self) -> float:
        """Σ|ΔE| / (|E(r_min) − E(r_eq)| + |E(r_eq) − E(r_max)|): 1 for a single well, else more."""
        e = self.energies
        direct = abs(e[0] - e.min()) + abs(e.min() - e[-1])
        return float(np.abs(np.diff(e)).sum() / direct) if direct > 0 else 1.0

    @property
    def energy_jump(self) -> float:
        """Σ of |ΔE| before and after every turning point of the energy but the minimum, eV."""
        steps = np.diff(self.energies)
        turns = np.flatnonzero(np.sign(steps[1:]) * np.sign(steps[:-1]) < 0)
        lowest = int(np.argmin(self.energies))
        size = np.abs(steps[turns]) + np.abs(steps[turns + 1])
        return float(size[turns + 1 != lowest].sum())

    @property
    def force_flips(self) -> int:
        """Number of sign changes of the force; a proper bond has one."""
        signs = np.sign(np.where(np.abs(self.forces) < NOISE, 0.0, self.forces))
        signs = signs[signs != 0]
        return int((signs[1:] != signs[:-1]).sum())

    @property
    def conservation(self) -> float:
        """Mean |ΔE + ∫F dr|/Δr, eV/Å, where the energy is below 20 eV; see `energy_force_residual`."""
        step = float(self.distances[1] - self.distances[0])
        work = energy_force_residual(self.energies, self.forces, step)[self.energies[1:-2] < HIGH]
        return float(np.abs(work).mean() / step) if len(work) else 0.0

    @property
    def repulsion(self) -> float:
        """Spearman's rank correlation of energy and distance before the minimum, −1 for a proper wall."""
        wall = self.energies[: int(np.argmin(self.energies)) + 1]
        return float(spearmanr(np.arange(len(wall)), wall).statistic) if len(wall) > 2 else 0.0

    @property
    def holes(self) -> int:
        """Number of steps inside the minimum where a shorter distance lowers the energy."""
        wall = self.energies[: int(np.argmin(self.energies)) + 1]
        return int((np.diff(wall) > NOISE).sum())


def diatomic(
    calculator: BaseCalculator,
    first: str,
    second: str,
    shortest: float = 0.5,
    longest: float = 6.0,
    n: int = 200,
) -> Diatomic:
    """Compute the curve between `shortest` times the sum of covalent radii and `longest` Å.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    first, second : str
        Symbols of the two elements.
    shortest : float
        Shortest distance over the sum of covalent radii (Cordero et al., Dalton Trans. 2832 (2008)).
    longest : float
        Longest distance, Å.
    n : int
        Number of evenly spaced distances.
    """
    contact = sum(covalent_radii[atomic_numbers[s]] for s in (first, second))
    distances = np.linspace(shortest * contact, longest, n)
    pairs = [Atoms([first, second], [[0, 0, 0], [0, 0, r]]) for r in distances]
    energy, forces = energies_and_forces(calculator, pairs)
    along = np.array([(f[1, 2] - f[0, 2]) / 2 for f in forces])
    return Diatomic((first, second), distances, energy - energy[-1], along)
