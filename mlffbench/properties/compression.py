"""Energy under compression: a repulsive wall, or unphysical holes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.data import covalent_radii

from mlffbench.properties._neighbours import neighbours
from mlffbench.properties._structures import energies_and_forces, scaled, takes_any_structure

__all__ = ["Compression", "atoms_meet", "compression"]

NOISE = 1e-3  # eV per atom


@dataclass(frozen=True)
class Compression:
    """Energies of a structure scaled down as a whole.

    Attributes
    ----------
    scales : (n,) array
        Scale factor of all lengths, descending from 1.
    energies : (n,) array, eV per atom
    """

    scales: np.ndarray
    energies: np.ndarray

    @property
    def holes(self) -> int:
        """Number of compression steps that lower the energy after it has begun to rise."""
        rises = np.diff(self.energies)
        rising = np.flatnonzero(rises > NOISE)
        return int((rises[rising[0] :] < -NOISE).sum()) if len(rising) else len(rises)

    @property
    def depth(self) -> float:
        """Largest fall of the energy below that where it begins to rise, eV per atom; 0 if it never falls.

        The energy of a structure at rest rises from the start; one that is not comes to rest first.
        """
        rising = np.flatnonzero(np.diff(self.energies) > NOISE)
        first = int(self.energies[: rising[0] + 1].argmin()) if len(rising) else 0
        return float(max(self.energies[first] - self.energies.min(), 0.0))


def atoms_meet(atoms: Atoms, smallest: float = 0.5) -> bool:
    """True if two atoms come nearer than the sum of their covalent radii where all lengths shrink so far."""
    i, j, d = neighbours(atoms, 2 * covalent_radii[atoms.numbers].max() / smallest)
    return bool((d * smallest < covalent_radii[atoms.numbers[i]] + covalent_radii[atoms.numbers[j]]).any())


@takes_any_structure
def compression(calculator: BaseCalculator, atoms: Atoms, smallest: float = 0.5, n: int = 41) -> Compression:
    """Scale cell and positions from 1 down to `smallest`.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with energies and forces.
    atoms : Atoms
        Crystal or molecule, best at rest.
    smallest : float
        Last scale factor of all lengths.
    n : int
        Number of scale factors.
    """
    scales = np.linspace(1.0, smallest, n)
    energies, _ = energies_and_forces(calculator, [scaled(atoms, s) for s in scales])
    return Compression(scales, energies / len(atoms))
