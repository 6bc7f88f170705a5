"""Harmonic wavenumbers at the minimum."""

from __future__ import annotations

from functools import partial

import numpy as np

from mlffbench.data import Score
from mlffbench.properties.vibrations import vibrations
from mlffbench.tasks.common.subtasks import Row, Subtask, skipped_row
from mlffbench.tasks.molecules.molecule import Molecule

__all__ = ["subtasks"]


def subtasks(molecule: Molecule) -> dict[str, Subtask]:
    """Return the one subtask of the wavenumbers."""
    return {"frequencies": partial(_rows, molecule)}


def _rows(molecule: Molecule) -> list[Row]:
    name = molecule.name
    if len(molecule.true_minimum) == 1:
        return [skipped_row(name, "wavenumbers", "a single atom does not vibrate")]
    predicted, true = molecule.compare(lambda calculator, atoms: vibrations(calculator, atoms).wavenumbers)
    reference = _stored(molecule, len(predicted)) if true is None else true
    known = 0 if reference is None else int((reference < 0).sum())
    more = max(int((predicted < 0).sum()) - known, 0)  # than the reference potential's own
    imaginary = Score(name, "wavenumbers", "imaginary", float(more), "", trials=len(predicted))
    if reference is None:
        reason = "the dataset has no reference wavenumbers"
        return [imaginary, skipped_row(name, "wavenumbers", reason)]
    predicted, reference = _common(predicted, reference)
    error = np.abs(predicted - reference)
    return [
        imaginary,
        Score(name, "wavenumbers", "mae", float(error.mean()), "1/cm"),
        Score(name, "wavenumbers", "max_error", float(error.max()), "1/cm"),
    ]


def _common(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The highest modes of both: a molecule that is linear on one side alone has one more there.

    That is the second bending mode, whose place in the other is taken by a rotation.
    """
    n = min(len(one), len(other))
    return np.sort(one)[-n:], np.sort(other)[-n:]


def _stored(molecule: Molecule, n: int) -> np.ndarray | None:
    """Return the n wavenumbers that the dataset stores, ascending, 1/cm; None unless it stores all."""
    stored = [molecule.stored_value(molecule.name, f"wavenumber_{i + 1}") for i in range(n)]
    return None if None in stored else np.sort(np.array(stored, dtype=float))
