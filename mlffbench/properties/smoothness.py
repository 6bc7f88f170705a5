"""Whether energy and forces stay smooth while neighbours leave the cutoff."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import evaluated_many, scaled

__all__ = ["Smoothness", "smoothness"]


@dataclass(frozen=True)
class Smoothness:
    """Energies and forces of a structure that is scaled up as a whole, in small steps.

    Attributes
    ----------
    scales : (n,) array
        Of all lengths.
    energies : (n,) array, eV per atom
    forces : (n, n_atoms, 3) array, eV/Å
    """

    scales: np.ndarray
    energies: np.ndarray
    forces: np.ndarray

    @property
    def energy_jump(self) -> float:
        """Largest |ΔE_i − (ΔE_{i−1} + ΔE_{i+1})/2|, eV per atom: a step of the energy shows whole.

        Of a smooth curve it is h³E‴/2 for a spacing h, next to nothing.
        """
        steps = np.diff(self.energies)
        return float(np.abs(steps[1:-1] - (steps[:-2] + steps[2:]) / 2).max())

    @property
    def force_jump(self) -> float:
        """Largest |ΔF_i − (ΔF_{i−1} + ΔF_{i+1})/2| of a force component, eV/Å."""
        steps = np.diff(self.forces, axis=0)
        return float(np.abs(steps[1:-1] - (steps[:-2] + steps[2:]) / 2).max())


def smoothness(
    calculator: BaseCalculator,
    atoms: Atoms,
    largest: float = 1.8,
    n: int = 241,
    rattle: float = 0.05,
    seed: int = 0,
) -> Smoothness:
    """Scale cell and positions from 1 up to `largest`: every shell of neighbours passes the cutoff in turn.

    Parameters
    ----------
    calculator : Calculator
        With energies and forces.
    atoms : Atoms
        A crystal or a molecule.
    largest : float
        The last factor of all lengths.
    n : int
        Points.
    rattle : float
        Standard deviation of displacements before, Å: the forces on a perfect crystal's atoms are zero.
    seed : int
        Of the displacements.
    """
    start = atoms.copy()
    start.positions += np.random.default_rng(seed).normal(scale=rattle, size=(len(atoms), 3))
    scales = np.linspace(1.0, largest, n)
    energies, forces = evaluated_many(calculator, [scaled(start, s) for s in scales])
    return Smoothness(scales, energies / len(atoms), np.array(forces))
