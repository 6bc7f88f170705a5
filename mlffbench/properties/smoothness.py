"""Smoothness of energy and forces while neighbours leave the cutoff."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import energies_and_forces, scaled, takes_any_structure

__all__ = ["Smoothness", "smoothness"]


@dataclass(frozen=True)
class Smoothness:
    """Energies and forces of a structure that is scaled up as a whole, in small steps.

    Attributes
    ----------
    scales : (n,) array
        Scale factor of all lengths.
    energies : (n,) array, eV per atom
    forces : (n, n_atoms, 3) array, eV/Å
    """

    scales: np.ndarray
    energies: np.ndarray
    forces: np.ndarray

    @property
    def energy_jump(self) -> float:
        """Largest |ΔE_i − (ΔE_{i−1} + ΔE_{i+1})/2|, eV per atom: a step shows with its full height.

        For a smooth curve it is h³E‴/2 with the spacing h, nearly 0.
        """
        steps = np.diff(self.energies)
        return float(np.abs(steps[1:-1] - (steps[:-2] + steps[2:]) / 2).max())

    @property
    def force_jump(self) -> float:
        """Largest |ΔF_i − (ΔF_{i−1} + ΔF_{i+1})/2| of a force component, eV/Å."""
        steps = np.diff(self.forces, axis=0)
        return float(np.abs(steps[1:-1] - (steps[:-2] + steps[2:]) / 2).max())


@takes_any_structure
def smoothness(
    calculator: BaseCalculator,
    atoms: Atoms,
    largest: float = 1.8,
    n: int = 241,
    rattle: float = 0.05,
    seed: int = 0,
) -> Smoothness:
    """Scale cell and positions from 1 up to `largest`, so that every neighbour shell passes the cutoff.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with energies and forces.
    atoms : Atoms
        Crystal or molecule.
    largest : float
        Last scale factor of all lengths.
    n : int
        Number of scale factors.
    rattle : float
        Standard deviation of the displacements before scaling, Å: in a perfect crystal all forces are zero.
    seed : int
        Seed of the displacements.
    """
    start = atoms.copy()
    start.positions += np.random.default_rng(seed).normal(scale=rattle, size=(len(atoms), 3))
    scales = np.linspace(1.0, largest, n)
    energies, forces = energies_and_forces(calculator, [scaled(start, s) for s in scales])
    return Smoothness(scales, energies / len(atoms), np.array(forces))
