"""Thermal expansion of the ground state in the quasi-harmonic approximation."""

from __future__ import annotations

from functools import partial

import numpy as np

from mlffbench.data import Curve
from mlffbench.properties.thermal_expansion import ThermalExpansion, thermal_expansion
from mlffbench.tasks.common.subtasks import Row, Subtask
from mlffbench.tasks.crystals.crystal import Crystal

__all__ = ["subtasks"]


def subtasks(crystal: Crystal) -> dict[str, Subtask]:
    """Return the one subtask of thermal expansion."""
    return {f"thermal expansion {crystal.name}": partial(_rows, crystal)}


def _rows(crystal: Crystal) -> list[Row]:
    s = crystal.settings
    predicted, true = crystal.compare(
        lambda calculator: thermal_expansion(
            calculator, crystal.atoms, tuple(s.temperatures), s.min_length, mesh=s.mesh, fmax=s.fmax
        )
    )
    rows = crystal.rows(
        _coefficient(predicted), _coefficient(true) if true else None, {"thermal_expansion": "1e-6/K"}
    )
    x, y = _volume_curve(predicted)
    return [
        *rows,
        Curve(f"thermal expansion of {crystal.name}", "T / K", "volume / Å³ per atom", x, y,
              *(_volume_curve(true) if true else (None, None))),
    ]  # fmt: skip


def _coefficient(expansion: ThermalExpansion) -> dict[str, float]:
    """Coefficient at the first temperature, 1e-6/K."""
    return {"thermal_expansion": 1e6 * float(expansion.coefficients[0])}


def _volume_curve(expansion: ThermalExpansion) -> tuple[list[float], list[float]]:
    """Temperatures in ascending order, and the volumes."""
    order = np.argsort(expansion.temperatures)
    x, y = expansion.temperatures[order], expansion.volumes[order]
    return x.tolist(), y.tolist()
