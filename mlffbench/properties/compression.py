"""What a potential does with matter that is pressed together: a wall, or a hole to fall into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import evaluated_many, scaled

__all__ = ["Compression", "compression"]

NOISE = 1e-3  # eV per atom


@dataclass(frozen=True)
class Compression:
    """Energies of a structure scaled down as a whole.

    Attributes
    ----------
    scales : (n,) array
        Of all lengths, descending from 1.
    energies : (n,) array, eV per atom
    """

    scales: np.ndarray
    energies: np.ndarray

    @property
    def holes(self) -> int:
        """How many steps of compression lower the energy once it has begun to rise."""
        rises = np.diff(self.energies)
        begun = np.flatnonzero(rises > NOISE)
        return int((rises[begun[0] :] < -NOISE).sum()) if len(begun) else len(rises)

    @property
    def depth(self) -> float:
        """How far the energy falls below the structure's own, eV per atom; 0 where it never does."""
        return float(max(self.energies[0] - self.energies.min(), 0.0))


def compression(calculator: BaseCalculator, atoms: Atoms, smallest: float = 0.5, n: int = 41) -> Compression:
    """Scale cell and positions from 1 down to `smallest`.

    Parameters
    ----------
    calculator : Calculator
        With energies and forces.
    atoms : Atoms
        A crystal or molecule, best at rest.
    smallest : float
        The last factor of all lengths.
    n : int
    """
    scales = np.linspace(1.0, smallest, n)
    energies, _ = evaluated_many(calculator, [scaled(atoms, s) for s in scales])
    return Compression(scales, energies / len(atoms))
