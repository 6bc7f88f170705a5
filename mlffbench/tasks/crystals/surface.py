"""Surface energies of the ground state."""

from __future__ import annotations

from functools import partial

from ase.calculators.calculator import BaseCalculator

from mlffbench.properties.surface import surface_energy
from mlffbench.tasks.common.subtasks import Row, Subtask
from mlffbench.tasks.crystals.crystal import Crystal

__all__ = ["subtasks"]


def subtasks(crystal: Crystal) -> dict[str, Subtask]:
    """Return the one subtask of all surfaces."""
    return {f"surface {crystal.name}": partial(_rows, crystal)}


def _rows(crystal: Crystal) -> list[Row]:
    settings = crystal.settings
    names = {tuple(hkl): f"surface_energy_{''.join(map(str, hkl))}" for hkl in settings.surfaces}

    def measure(calculator: BaseCalculator) -> dict[str, float]:
        minimum = crystal.equilibrium(calculator)
        scale = crystal.supercell_width(minimum) / settings.min_length
        thickness = scale * settings.thickness
        slab = partial(surface_energy, calculator, minimum, thickness=thickness, fmax=settings.fmax)
        return {name: slab(hkl).energy for hkl, name in names.items()}

    return crystal.rows(*crystal.compare(measure), dict.fromkeys(names.values(), "J/m²"))
