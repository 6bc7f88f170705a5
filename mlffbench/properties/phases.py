"""Energy order of the phases of a substance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import takes_any_structure
from mlffbench.properties.equation_of_state import equation_of_state
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.symmetry import symmetry_dataset
from mlffbench.system import progress

__all__ = ["Phases", "phases"]

SYMPREC = 0.01  # Å
SAME = 1e-3  # eV per atom: largest energy difference of two phases that are one


@dataclass(frozen=True)
class Phases:
    """Relaxed phases by name.

    Attributes
    ----------
    energies, volumes : dict of str to float
        Energies, eV, and volumes, Å³, per atom of the phases that relaxed.
    fell : dict of str to str
        Phases whose space group changed in the relaxation, with the name of the phase that they became or, if
        it is none of these, the new space group's symbol.
    failures : dict of str to str
        Phases that did not relax, with the reason.
    atoms : dict of str to Atoms
        Relaxed structures.
    """

    energies: dict[str, float]
    volumes: dict[str, float]
    fell: dict[str, str]
    failures: dict[str, str]
    atoms: dict[str, Atoms]

    @property
    def order(self) -> tuple[str, ...]:
        """Names of the phases by ascending energy."""
        return tuple(sorted(self.energies, key=lambda name: self.energies[name]))

    @property
    def differences(self) -> dict[str, float]:
        """Energies relative to the lowest phase, eV per atom."""
        lowest = min(self.energies.values(), default=0.0)
        return {name: energy - lowest for name, energy in self.energies.items()}


@takes_any_structure
def phases(
    calculator: BaseCalculator,
    structures: Mapping[str, Atoms],
    stress: bool = True,
    fmax: float = 1e-3,
    steps: int = 500,
) -> Phases:
    """Relax cell and ions of several crystals and compare their energies.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    structures : mapping of str to Atoms
        Perfect crystals of one composition.
    stress : bool
        False for a calculator without stresses: the cells keep their shapes and an equation of state gives
        their volumes.
    fmax, steps : float, int
        Largest force left by a relaxation, eV/Å, and its step limit.

    Raises
    ------
    ValueError
        The compositions differ.
    """
    formulas = {a.symbols.formula.reduce()[0].format("hill") for a in structures.values()}
    if len(formulas) > 1:
        raise ValueError(f"phases of different compositions cannot be compared: {sorted(formulas)}")
    minima: dict[str, Atoms] = {}
    energies, failures = {}, {}
    for i, (name, atoms) in enumerate(structures.items()):
        progress.report("phases", i, len(structures))
        try:
            energies[name], minima[name] = _relaxed(calculator, atoms, stress, fmax, steps)
        except ValueError as error:
            failures[name] = str(error)
    volumes = {name: float(a.get_volume()) / len(a) for name, a in minima.items()}
    return Phases(energies, volumes, _transformed(structures, minima, energies), failures, minima)


def _relaxed(
    calculator: BaseCalculator, atoms: Atoms, stress: bool, fmax: float, steps: int
) -> tuple[float, Atoms]:
    """Energy, eV per atom, and relaxed structure."""
    if not stress:
        curve = equation_of_state(calculator, atoms, fmax=fmax, steps=steps)
        return curve.energy, curve.atoms
    minimum = relaxed(calculator, atoms, cell=True, fmax=fmax, steps=steps)
    energy = float(minimum.get_potential_energy()) / len(minimum)
    minimum.calc = None
    return energy, minimum


def _transformed(
    starts: Mapping[str, Atoms], minima: Mapping[str, Atoms], energies: Mapping[str, float]
) -> dict[str, str]:
    """Phases whose space group changed, with the phase of that space group and energy, or the new symbol."""
    before = {name: _space_group(starts[name]) for name in minima}
    after = {name: _space_group(atoms) for name, atoms in minima.items()}
    transformed = {}
    for name in minima:
        if after[name] != before[name]:
            matches = [
                other
                for other in minima
                if other != name
                and before[other] == after[name]
                and abs(energies[other] - energies[name]) < SAME
            ]
            transformed[name] = matches[0] if matches else after[name]
    return transformed


def _space_group(atoms: Atoms) -> str:
    """International symbol of the space group; ``"P1"`` if spglib finds no symmetry."""
    symmetry = symmetry_dataset(atoms, SYMPREC)
    return str(symmetry.international) if symmetry else "P1"
