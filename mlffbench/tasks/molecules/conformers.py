"""Relative energies and order of conformers, and conformers that the model loses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np

from mlffbench.data import Score
from mlffbench.properties.conformers import Conformers, conformers
from mlffbench.tasks.common.subtasks import Row, Subtask, error_row, skipped_row
from mlffbench.tasks.molecules.molecule import MEV, Molecule

__all__ = ["subtasks"]

TEST = "conformers"


def subtasks(molecule: Molecule) -> dict[str, Subtask]:
    """Return the one subtask of all conformers."""
    return {"conformers": partial(_rows, molecule)}


def _rows(molecule: Molecule) -> list[Row]:
    starts = {n: molecule.rattled(a) for n, a in molecule.structures.items()}
    if len(starts) < 2:
        reason = f"{molecule.dataset.name} has no reference conformers"
        return [skipped_row(TEST, "relative energy", reason)]
    predicted, true = molecule.compare(
        lambda calculator, atoms: conformers(
            calculator, {**starts, molecule.name: atoms}, fmax=molecule.settings.fmax
        )
    )
    reference = _stored_energies(molecule, starts) if true is None else true.energies
    collapsed = predicted.collapsed.keys() - (set() if true is None else true.collapsed.keys())
    n = len({*starts, molecule.name})
    rows: list[Row] = [
        Score(TEST, "structures", "collapsed", float(len(collapsed)), "", trials=n),
        Score(TEST, "structures", "broken", float(len(predicted.broken)), "", trials=n),
    ]
    if len(reference) < 2:
        return [*rows, skipped_row(TEST, "relative energy", "the dataset has no energies of conformers")]
    return [*rows, *_energy_rows(predicted, reference)]


def _stored_energies(molecule: Molecule, names: Iterable[str]) -> dict[str, float]:
    """Energies that the dataset stores, eV."""
    stored = {name: molecule.stored_value(name) for name in names}
    return {name: energy for name, energy in stored.items() if energy is not None}


def _energy_rows(predicted: Conformers, reference: Mapping[str, float]) -> list[Row]:
    """Errors of the energies above the reference's lowest, and of the order."""
    errors = predicted.errors(reference)
    lowest = min(reference.values())
    above = {name: reference[name] - lowest for name in errors}
    mae = float(np.mean(np.abs(list(errors.values()))))
    return [
        Score(TEST, "relative energy", "mae", MEV * mae, "meV"),
        Score(TEST, "relative energy", "rank_error", predicted.rank_error(reference), ""),
        *(
            error_row(name, "relative energy", MEV * (above[name] + error), MEV * above[name], "meV")
            for name, error in errors.items()
        ),
    ]
