"""Which phase of a substance is the lowest, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties.equation_of_state import equation_of_state
from mlffbench.properties.relaxation import relaxed
from mlffbench.system import progress

__all__ = ["Phases", "phases"]

SYMPREC = 0.01  # Å
SAME = 1e-3  # eV per atom; of two phases that are one


@dataclass(frozen=True)
class Phases:
    """Relaxed phases, by their names.

    Attributes
    ----------
    energies, volumes : dict of str to float
        eV and Å³ per atom, of phases that relaxed.
    fell : dict of str to str
        Phases whose space group changed on the way, and what they became: another phase's name or, where it
        is none of them, a space group's symbol.
    failures : dict of str to str
        Phases that did not relax, and why.
    atoms : dict of str to Atoms
        The relaxed structures.
    """

    energies: dict[str, float]
    volumes: dict[str, float]
    fell: dict[str, str]
    failures: dict[str, str]
    atoms: dict[str, Atoms]

    @property
    def order(self) -> tuple[str, ...]:
        """From the lowest energy up."""
        return tuple(sorted(self.energies, key=lambda name: self.energies[name]))

    @property
    def differences(self) -> dict[str, float]:
        """To the lowest, eV per atom."""
        lowest = min(self.energies.values(), default=0.0)
        return {name: energy - lowest for name, energy in self.energies.items()}


def phases(
    calculator: BaseCalculator,
    structures: Mapping[str, Atoms],
    stress: bool = True,
    fmax: float = 1e-3,
    steps: int = 500,
) -> Phases:
    """Energies of several crystals, cell and ions relaxed.

    Parameters
    ----------
    calculator : Calculator
        With forces.
    structures : mapping of str to Atoms
        Perfect crystals of one composition.
    stress : bool
        Whether the calculator has stresses; without, the cells keep their shapes and an equation of state
        gives their volumes.
    fmax, steps : float, int
        Of every relaxation, eV/Å.

    Raises
    ------
    ValueError
        The compositions differ.
    """
    formulas = {a.symbols.formula.reduce()[0].format("hill") for a in structures.values()}
    if len(formulas) > 1:
        raise ValueError(f"phases of different compositions cannot be compared: {sorted(formulas)}")
    found: dict[str, Atoms] = {}
    energies, failures = {}, {}
    for done, (name, atoms) in enumerate(structures.items()):
        progress.report("phases", done, len(structures))
        try:
            energies[name], found[name] = _relaxed(calculator, atoms, stress, fmax, steps)
        except ValueError as error:
            failures[name] = str(error)
    volumes = {name: float(a.get_volume()) / len(a) for name, a in found.items()}
    return Phases(energies, volumes, _fell(structures, found, energies), failures, found)


def _relaxed(
    calculator: BaseCalculator, atoms: Atoms, stress: bool, fmax: float, steps: int
) -> tuple[float, Atoms]:
    """eV per atom, and the structure."""
    if not stress:
        curve = equation_of_state(calculator, atoms, fmax=fmax, steps=steps)
        return curve.energy, curve.atoms
    minimum = relaxed(calculator, atoms, cell=True, fmax=fmax, steps=steps)
    energy = float(minimum.get_potential_energy()) / len(minimum)
    minimum.calc = None
    return energy, minimum


def _fell(
    starts: Mapping[str, Atoms], found: Mapping[str, Atoms], energies: Mapping[str, float]
) -> dict[str, str]:
    """Phases that are no longer what they were."""
    before = {name: _space_group(starts[name]) for name in found}
    after = {name: _space_group(atoms) for name, atoms in found.items()}
    fell = {}
    for name in found:
        if after[name] != before[name]:
            like = [
                other
                for other in found
                if other != name
                and before[other] == after[name]
                and abs(energies[other] - energies[name]) < SAME
            ]
            fell[name] = like[0] if like else after[name]
    return fell


def _space_group(atoms: Atoms) -> str:
    """The international symbol, ``"P1"`` where spglib finds none."""
    import spglib

    cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    found = spglib.get_symmetry_dataset(cell, symprec=SYMPREC)
    return str(found.international) if found else "P1"
