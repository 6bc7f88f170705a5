"""Vacancy formation energy of an elemental crystal."""

from __future__ import annotations

from dataclasses import dataclass

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import repeats, takes_any_structure
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
        The same with unrelaxed ions, eV.
    atoms : Atoms
        Relaxed supercell with the vacancy.
    """

    energy: float
    unrelaxed_energy: float
    atoms: Atoms


@takes_any_structure
def vacancy_formation(
    calculator: BaseCalculator,
    atoms: Atoms,
    min_length: float = 10.0,
    index: int = 0,
    fmax: float = 0.01,
    steps: int = 500,
) -> Vacancy:
    """Compute the formation energy of a vacancy in an elemental crystal.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    atoms : Atoms
        Crystal of one element, at rest.
    min_length : float
        Smallest width of the supercell between its faces, Å.
    index : int
        Index of the removed atom.
    fmax, steps : float, int
        Largest force left by the relaxation, eV/Å, and its step limit.

    Raises
    ------
    ValueError
        The crystal has more than one element, or the ions do not relax.
    """
    if len(set(atoms.numbers)) > 1:
        raise ValueError(
            f"{atoms.get_chemical_formula()} has several elements: a vacancy's energy would depend on where "
            "the atom goes"
        )
    perfect = atoms.repeat(repeats(atoms, min_length))
    if len(perfect) == 1:
        raise ValueError(
            f"a supercell of one atom has no vacancy: take a min_length of more than {min_length:g} Å"
        )
    defect = perfect.copy()
    del defect[index]
    perfect.calc = defect.calc = calculator
    bulk = float(perfect.get_potential_energy()) * len(defect) / len(perfect)
    unrelaxed = float(defect.get_potential_energy()) - bulk
    minimum = relaxed(calculator, defect, fmax=fmax, steps=steps)
    energy = float(minimum.get_potential_energy()) - bulk
    minimum.calc = None
    return Vacancy(energy, unrelaxed, minimum)
