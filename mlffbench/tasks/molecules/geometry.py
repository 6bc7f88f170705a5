"""Geometry of the model's minimum against the reference's."""

from __future__ import annotations

from functools import partial

from mlffbench.data import Score
from mlffbench.properties.geometry import geometry
from mlffbench.tasks.common.subtasks import Row, Subtask
from mlffbench.tasks.molecules.molecule import Molecule

__all__ = ["subtasks"]


def subtasks(molecule: Molecule) -> dict[str, Subtask]:
    """Return the one subtask of the geometry."""
    return {"geometry": partial(_rows, molecule)}


def _rows(molecule: Molecule) -> list[Row]:
    errors = geometry(
        molecule.calculator, molecule.minimum, molecule.true_minimum, fmax=molecule.settings.fmax
    )
    values = {
        ("geometry", "rmsd", "Å"): errors.rmsd,
        ("bond length", "max_error", "Å"): errors.bond_error,
        ("bond angle", "max_error", "degrees"): errors.angle_error,
        ("bonds", "changed", ""): float(errors.changed_bonds),
    }
    trials = {"bonds": errors.n_bonds}
    return [
        Score(molecule.name, quantity, metric, value, unit, trials=trials.get(quantity))
        for (quantity, metric, unit), value in values.items()
        if value is not None
    ]
