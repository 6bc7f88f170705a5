"""A bond of a molecule pulled until it breaks: the curve, its depth, and how physical its shape is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import evaluated
from mlffbench.properties.bonds import side_of
from mlffbench.properties.conservation import Conservation
from mlffbench.properties.diatomic import Diatomic

__all__ = ["Dissociation", "dissociation"]


@dataclass(frozen=True)
class Dissociation(Diatomic):
    """The curve of two rigid fragments that move apart along their bond; see `Diatomic` for its shape.

    Attributes
    ----------
    symbols : (str, str)
        Of the two bonded atoms.
    distances : (n,) array, Å, ascending
        Between the two bonded atoms.
    energies : (n,) array, eV; 0 at the longest distance
    forces : (n,) array, eV/Å
        On the moving fragment along the bond, positive where the fragments repel one another.
    bond : (int, int)
    rest : float
        The energy of the molecule as it was given, eV, on the scale of `energies`.
    """

    bond: tuple[int, int]
    rest: float

    @property
    def depth(self) -> float:
        """From the molecule up to the longest distance, eV; negative where it falls apart by itself."""
        return -self.rest

    @property
    def fall(self) -> float:
        """How far the curve falls below the molecule, eV; 0 where the molecule is its lowest point."""
        return float(max(self.rest - self.energies.min(), 0.0))

    @property
    def discontinuity(self) -> float:
        """Largest |ΔE + ∫F dr| of one step, eV: 0 for a fine smooth curve, see `Conservation`."""
        step = float(self.distances[1] - self.distances[0])
        return Conservation(self.energies[None], self.forces[None], step).largest_step


def dissociation(
    calculator: BaseCalculator,
    atoms: Atoms,
    bond: tuple[int, int],
    shortest: float = 0.8,
    longest: float = 8.0,
    n: int = 150,
) -> Dissociation:
    """Move the second atom's side of a bond along the bond; nothing relaxes.

    Parameters
    ----------
    calculator : Calculator
        With forces.
    atoms : Atoms
        A molecule, best at rest.
    bond : (int, int)
        Two bonded atoms; the bond is not part of a ring.
    shortest : float
        Times the length of the bond.
    longest : float
        Å.
    n : int
        Points, spaced evenly, 4 at least.

    Raises
    ------
    ValueError
        No such bond, a bond in a ring, or too short a way.
    """
    first, second = (int(i) for i in bond)
    moving = side_of(atoms, (first, second))
    length = float(atoms.get_distance(first, second))
    if n < 4 or longest <= length:
        raise ValueError(
            f"a bond of {length:.3g} Å cannot be pulled to {longest:g} Å in {n} points, 4 or more"
        )
    along = (atoms.positions[second] - atoms.positions[first]) / length
    distances = np.linspace(shortest * length, longest, n)
    energies, forces = [], []
    for r in distances:
        pulled = atoms.copy()
        pulled.positions[moving] += (r - length) * along
        energy, force = evaluated(calculator, pulled)
        energies.append(energy)
        forces.append(float(force[moving].sum(axis=0) @ along))
    rest = evaluated(calculator, atoms)[0] - energies[-1]
    symbols = (atoms.symbols[first], atoms.symbols[second])
    return Dissociation(
        symbols, distances, np.array(energies) - energies[-1], np.array(forces), (first, second), rest
    )
