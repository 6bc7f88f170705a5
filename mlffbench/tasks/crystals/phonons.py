"""Harmonic phonons of the ground state: frequencies, density of states and dispersion."""

from __future__ import annotations

from functools import partial

import numpy as np
from ase.calculators.calculator import BaseCalculator

from mlffbench.data import Curve, Score
from mlffbench.properties.phonons import Phonons, phonons
from mlffbench.tasks.common.subtasks import Row, Subtask
from mlffbench.tasks.crystals.crystal import Crystal

__all__ = ["subtasks"]

UNITS = {"max_frequency": "THz", "root_mean_square_frequency": "THz", "imaginary_modes": ""}
N_GRID = 200  # points of a density of states


def subtasks(crystal: Crystal) -> dict[str, Subtask]:
    """Return the one subtask of the phonons."""
    return {f"phonons {crystal.name}": partial(_rows, crystal)}


def _rows(crystal: Crystal) -> list[Row]:
    def measure(calculator: BaseCalculator) -> Phonons:
        minimum = crystal.equilibrium(calculator)
        return phonons(calculator, minimum, crystal.supercell_width(minimum), mesh=crystal.settings.mesh)

    predicted, true = crystal.compare(measure)
    stored = {"imaginary_modes": crystal.values.get("imaginary_modes", 0.0)}
    rows = crystal.rows(_values(predicted), _values(true) if true else stored, UNITS)
    if true is not None and true.frequencies.shape == predicted.frequencies.shape:
        rows.append(Score(crystal.name, "frequencies", "rmse", predicted.frequency_error(true), "THz"))
    return [
        *rows,
        _density_of_states(crystal.name, predicted, true),
        _dispersion(crystal.name, predicted, true),
    ]


def _values(modes: Phonons) -> dict[str, float]:
    square = modes.mean_square_frequency
    return {
        "max_frequency": modes.max_frequency,
        "root_mean_square_frequency": float(np.sign(square) * abs(square) ** 0.5),
        "imaginary_modes": modes.imaginary,
    }


def _density_of_states(name: str, predicted: Phonons, true: Phonons | None) -> Curve:
    """Densities of states of model and reference on one grid."""
    both = [p for p in (predicted, true) if p is not None]
    lowest, highest = (f(f(p.frequencies.min(), p.frequencies.max()) for p in both) for f in (min, max))
    grid = np.linspace(min(float(lowest), 0.0), 1.05 * float(highest), N_GRID)
    y = [p.density(grid) / p.frequencies.shape[1] for p in both]
    reference = (grid.tolist(), y[1].tolist()) if true is not None else (None, None)
    return Curve(
        f"phonon density of {name}", "frequency / THz", "states / (1/THz)", grid.tolist(), y[0].tolist(),
        *reference,
    )  # fmt: skip


def _dispersion(name: str, predicted: Phonons, true: Phonons | None) -> Curve:
    """All branches as one line: every second branch runs back from the end of the one before."""
    corners = " ".join(label for _, label in predicted.labels)
    x = _joined(np.repeat(predicted.distance[:, None], predicted.bands.shape[1], axis=1))
    same_path = true is not None and true.bands.shape == predicted.bands.shape
    reference = (x, _joined(true.bands)) if same_path and true is not None else (None, None)
    return Curve(
        f"phonon bands of {name}", f"path {corners} / (1/Å)", "frequency / THz", x,
        _joined(predicted.bands), *reference,
    )  # fmt: skip


def _joined(bands: np.ndarray) -> list[float]:
    """Join the columns, every second one reversed."""
    return [float(v) for k, band in enumerate(bands.T) for v in (band if k % 2 == 0 else band[::-1])]
