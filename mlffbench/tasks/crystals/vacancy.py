"""Vacancy formation energy of an elemental ground state, relaxed and unrelaxed."""

from __future__ import annotations

from functools import partial

from ase.calculators.calculator import BaseCalculator

from mlffbench.properties.vacancy import vacancy_formation
from mlffbench.tasks.common.subtasks import Row, Subtask, skipped_row
from mlffbench.tasks.crystals.crystal import Crystal

__all__ = ["subtasks"]

UNITS = {"vacancy_formation_energy": "eV", "unrelaxed_vacancy_formation_energy": "eV"}


def subtasks(crystal: Crystal) -> dict[str, Subtask]:
    """Return the one subtask of the vacancy."""
    return {f"vacancy {crystal.name}": partial(_rows, crystal)}


def _rows(crystal: Crystal) -> list[Row]:
    if len(set(crystal.atoms.numbers)) > 1:
        reason = "a vacancy among several elements has no energy without their reservoirs"
        return [skipped_row(crystal.name, "vacancy_formation_energy", reason)]

    def measure(calculator: BaseCalculator) -> dict[str, float]:
        minimum = crystal.equilibrium(calculator)
        width = crystal.supercell_width(minimum)
        vacancy = vacancy_formation(calculator, minimum, width, fmax=crystal.settings.fmax)
        return {
            "vacancy_formation_energy": vacancy.energy,
            "unrelaxed_vacancy_formation_energy": vacancy.unrelaxed_energy,
        }

    return crystal.rows(*crystal.compare(measure), UNITS)
