"""Elastic constants C_ij of the ground state, with relaxed ions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from mlffbench.properties.elastic import elastic_constants
from mlffbench.tasks.common.subtasks import Row, Subtask, skipped_row
from mlffbench.tasks.crystals.crystal import Crystal

__all__ = ["subtasks"]

NEGLIGIBLE = 1e-3  # of the largest elastic constant


def subtasks(crystal: Crystal) -> dict[str, Subtask]:
    """Return the one subtask of the elastic constants."""
    return {f"elastic {crystal.name}": partial(_rows, crystal)}


def _rows(crystal: Crystal) -> list[Row]:
    if not crystal.stress:
        reason = f"{type(crystal.model).__name__} predicts no stress"
        return [skipped_row(crystal.name, "elastic_constants", reason)]
    predicted, true = crystal.compare(
        lambda calculator: _by_name(
            elastic_constants(calculator, crystal.atoms, fmax=crystal.settings.fmax).C
        )
    )
    names = ("C11", "C12", "C44") if crystal.cubic else _nonzero(true or _stored(crystal, predicted))
    constants = {name: predicted[name] for name in names}
    return crystal.rows(constants, true, dict.fromkeys(names, "GPa"))


def _by_name(matrix: np.ndarray) -> dict[str, float]:
    """Return the upper triangle of the (6, 6) matrix by the names C11, C12 ... C66."""
    return {f"C{i + 1}{j + 1}": float(matrix[i, j]) for i in range(6) for j in range(i, 6)}


def _stored(crystal: Crystal, predicted: Mapping[str, float]) -> Mapping[str, float]:
    """Return the constants that the dataset stores, the model's own if it stores none."""
    return {q: v for q, v in crystal.values.items() if q in predicted} or predicted


def _nonzero(constants: Mapping[str, float]) -> list[str]:
    largest = max(map(abs, constants.values()))
    return [name for name, value in constants.items() if abs(value) > NEGLIGIBLE * largest]
