"""Dissociation curve of a bond of a molecule: its depth, and measures of its physical shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import energy_and_forces, takes_any_structure
from mlffbench.properties.bonds import atoms_beyond_bond
from mlffbench.properties.conservation import Conservation
from mlffbench.properties.diatomic import Diatomic

__all__ = ["Dissociation", "dissociation"]


@dataclass(frozen=True)
class Dissociation(Diatomic):
    """Curve of two rigid fragments that move apart along their bond; see `Diatomic` for its shape.

    Attributes
    ----------
    symbols : (str, str)
        Elements of the two bonded atoms.
    distances : (n,) array, Å, ascending
        Distances between the two bonded atoms.
    energies : (n,) array, eV; 0 at the longest distance
    forces : (n,) array, eV/Å
        Force on the moving fragment along the bond, positive where the fragments repel one another.
    bond : (int, int)
        Indices of the two bonded atoms.
    rest : float
        Energy of the molecule as it was given, eV, on the scale of `energies`.
    """

    bond: tuple[int, int]
    rest: float

    @property
    def depth(self) -> float:
        """Energy at the longest distance over that of the molecule, eV; negative where it falls apart."""
        return -self.rest

    @property
    def fall(self) -> float:
        """Depth of the curve below the molecule's energy, eV; 0 where the molecule is the lowest point."""
        return float(max(self.rest - self.energies.min(), 0.0))

    @property
    def discontinuity(self) -> float:
        """Largest |ΔE + ∫F dr| of one step, eV: nearly 0 for a smooth curve; see `Conservation`."""
        step = float(self.distances[1] - self.distances[0])
        return Conservation(self.energies[None], self.forces[None], step).largest_step


@takes_any_structure
def dissociation(
    calculator: BaseCalculator,
    atoms: Atoms,
    bond: tuple[int, int],
    shortest: float = 0.8,
    longest: float = 8.0,
    n: int = 150,
) -> Dissociation:
    """Move the second atom's side of a bond along the bond, as a rigid fragment.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    atoms : Atoms
        Molecule, best at rest.
    bond : (int, int)
        Two bonded atoms; the bond is not part of a ring.
    shortest : float
        Shortest distance over the length of the bond.
    longest : float
        Longest distance, Å.
    n : int
        Number of evenly spaced distances, 4 at least.

    Raises
    ------
    ValueError
        The atoms are not bonded, the bond is in a ring, or `longest` is not longer than the bond.
    """
    first, second = (int(i) for i in bond)
    moving = atoms_beyond_bond(atoms, (first, second))
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
        energy, force = energy_and_forces(calculator, pulled)
        energies.append(energy)
        forces.append(float(force[moving].sum(axis=0) @ along))
    rest = energy_and_forces(calculator, atoms)[0] - energies[-1]
    symbols = (atoms.symbols[first], atoms.symbols[second])
    return Dissociation(
        symbols, distances, np.array(energies) - energies[-1], np.array(forces), (first, second), rest
    )
