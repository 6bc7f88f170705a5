"""Equation of state of the crystal and its polymorphs: lattice constant, volume and bulk modulus."""

from __future__ import annotations

from functools import partial

from mlffbench.data import Curve
from mlffbench.properties.equation_of_state import EquationOfState, equation_of_state
from mlffbench.tasks.common.subtasks import Row, Subtask
from mlffbench.tasks.crystals.crystal import Crystal

__all__ = ["subtasks"]

UNITS = {"lattice_constant": "Å", "volume": "Å³/atom", "bulk_modulus": "GPa"}


def subtasks(crystal: Crystal) -> dict[str, Subtask]:
    """Return one subtask for every structure."""
    return {f"equation of state {c.name}": partial(_rows, c) for c in (crystal, *crystal.polymorphs)}


def _rows(crystal: Crystal) -> list[Row]:
    predicted, true = crystal.compare(
        lambda calculator: equation_of_state(calculator, crystal.atoms, fmax=crystal.settings.fmax)
    )
    rows = crystal.rows(_values(crystal, predicted), _values(crystal, true) if true else None, UNITS)
    x, y = _energy_curve(predicted)
    return [
        *rows,
        Curve(f"energy of {crystal.name}", "volume / Å³ per atom", "E − minimum / eV per atom", x, y,
              *(_energy_curve(true) if true else (None, None))),
    ]  # fmt: skip


def _values(crystal: Crystal, eos: EquationOfState) -> dict[str, float]:
    lattice = {"lattice_constant": float(eos.atoms.cell.lengths()[0])} if crystal.cubic else {}
    return {**lattice, "volume": eos.volume, "bulk_modulus": eos.bulk_modulus}


def _energy_curve(eos: EquationOfState) -> tuple[list[float], list[float]]:
    """Volumes, and energies above the minimum."""
    return eos.volumes.tolist(), (eos.energies - eos.energy).tolist()
