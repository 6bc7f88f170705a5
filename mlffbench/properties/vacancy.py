"""What it costs to take an atom out of a crystal."""

from __future__ import annotations

from dataclasses import dataclass

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import repeats
from mlffbench.properties.relaxation import relaxed

__all__ = ["Vacancy", "vacancy_formation"]


@dataclass(frozen=True)
class Vacancy:
    """A vacancy in a supercell of fixed shape.

    Attributes
    ----------
    energy : float
        E(n−1 atoms) − (n−1)/n · E(n atoms), eV, ions relaxed.
    unrelaxed_energy : float
        The same before they relax, eV.
    atoms : Atoms
        The relaxed supercell.
    """

    energy: float
    unrelaxed_energy: float
    atoms: Atoms


def vacancy_formation(
    calculator: BaseCalculator,
    atoms: Atoms,
    min_length: float = 10.0,
    index: int = 0,
    fmax: float = 0.01,
    steps: int = 500,
) -> Vacancy:
    """Formation energy of a vacancy in an elemental crystal.

    Parameters
    ----------
    calculator : Calculator
        With forces.
    atoms : Atoms
        A crystal of one element at rest; it is repeated until it is `min_length` Å wide between its faces.
    index : int
        The atom that is taken out.
    fmax, steps : float, int
        Of the relaxation, eV/Å.

    Raises
    ------
    ValueError
        More than one element, or the ions do not relax.
    """
    if len(set(atoms.numbers)) > 1:
        raise ValueError(
            f"{atoms.get_chemical_formula()} has several elements: a vacancy's energy would depend on where "
            "the atom goes"
        )
    whole = atoms.repeat(repeats(atoms, min_length))
    broken = whole.copy()
    del broken[index]
    whole.calc = broken.calc = calculator
    bulk = float(whole.get_potential_energy()) * len(broken) / len(whole)
    before = float(broken.get_potential_energy()) - bulk
    minimum = relaxed(calculator, broken, fmax=fmax, steps=steps)
    energy = float(minimum.get_potential_energy()) - bulk
    minimum.calc = None
    return Vacancy(energy, before, minimum)
