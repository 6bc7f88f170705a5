"""Relaxed torsion scan and its barrier."""

from __future__ import annotations

from functools import partial

from mlffbench.data import Curve
from mlffbench.properties.torsion import Torsion, torsion
from mlffbench.tasks.common.subtasks import Row, Subtask, skipped_row
from mlffbench.tasks.molecules.molecule import Molecule, barrier_row

__all__ = ["subtasks"]


def subtasks(molecule: Molecule) -> dict[str, Subtask]:
    """Return the one subtask of the torsion scan."""
    return {"torsion": partial(_rows, molecule)}


def _rows(molecule: Molecule) -> list[Row]:
    dihedral = molecule.settings.dihedral
    if dihedral is None:
        return [skipped_row("torsion", "barrier", "no dihedral is named, by an option or the card")]
    if molecule.true_calculator is None:
        return [
            skipped_row(
                "torsion",
                "barrier",
                "a relaxed scan needs the exact potential as its reference, not stored values",
            )
        ]
    predicted, true = molecule.compare(
        lambda calculator, atoms: torsion(calculator, atoms, dihedral, relax=True)
    )
    assert true is not None
    return [barrier_row("torsion", predicted, true.barrier), _curve(predicted, true)]


def _curve(predicted: Torsion, true: Torsion) -> Curve:
    return Curve(
        "torsion", "dihedral angle (degrees)", "energy (eV)",
        predicted.angles.tolist(), (predicted.energies - predicted.energies.min()).tolist(),
        true.angles.tolist(), (true.energies - true.energies.min()).tolist(),
    )  # fmt: skip
