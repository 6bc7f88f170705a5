"""Energy profiles along labelled paths: predictions for the frames of a test group in the path's order."""

from __future__ import annotations

from functools import partial

import numpy as np

from mlffbench.data import Curve, Score
from mlffbench.tasks.common.subtasks import Row, Subtask, error_row, skipped_row
from mlffbench.tasks.molecules.molecule import MEV, Molecule

__all__ = ["subtasks"]


def subtasks(molecule: Molecule) -> dict[str, Subtask]:
    """Return one subtask for every labelled path that the card or the option ``profiles`` names."""
    paths = molecule.settings.profiles
    if paths is None:
        paths = list(molecule.dataset.card.get("coordinates", {}))
    if not paths:
        reason = "no labelled path is named, by an option or the card"
        return {"profiles": lambda: [skipped_row("", "profile", reason)]}
    return {f"profile {group}": partial(_rows, molecule, group) for group in paths}


def _rows(molecule: Molecule, group: str) -> list[Row]:
    """Predicted and labelled energies, both above that of the frame with the lowest label."""
    if group not in molecule.split.tests:
        return [skipped_row(group, "profile", f"the split has no test group {group!r}")]
    order = molecule.ordered(group)
    frames = [molecule.dataset.frames[i] for i in order]
    true = molecule.dataset.labels[order].energy
    lowest = int(np.argmin(true))
    predicted = molecule.model.predict(frames).energy
    true, predicted = true - true[lowest], predicted - predicted[lowest]
    rmse = float(np.sqrt(np.mean((predicted - true) ** 2)))
    x = molecule.coordinate(order).tolist()
    label = molecule.dataset.card.get("coordinates", {}).get(group, "coordinate")
    return [
        Score(group, "profile", "rmse", MEV * rmse, "meV"),
        error_row(group, "height", MEV * np.ptp(predicted), MEV * np.ptp(true), "meV"),
        Curve(f"{group}, labelled", label, "energy (eV)", x, predicted.tolist(), x, true.tolist()),
    ]
