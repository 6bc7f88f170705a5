"""Prediction time as a function of system size."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.system.ranges import Count, Counts
from mlffbench.system.timing import measure
from mlffbench.tasks.common.subtasks import Row, skipped_row

__all__ = ["speed"]

GAP = 20.0  # Å between copies of a molecule: beyond every cutoff, so the work grows with the atoms alone


def speed(
    model: ForceField,
    dataset: Dataset,
    split: Split,
    seed: int = 0,
    copies: Counts = (1, 8, 64),
    repeats: Count = 3,
) -> list[Row]:
    """Time one prediction (energy, forces) of 1, 8, 64 ... copies of a frame as one system.

    Crystals are repeated along the first axis; molecules are set side by side. The rows are medians of
    `repeats` after one warm-up, graph building and evaluation apart, in µs per atom.

    Parameters
    ----------
    copies : sequence of int
        Numbers of copies.
    repeats : int
        Timed predictions of each system.
    """
    atoms = dataset.frames[next(iter(split.tests.values()))[0]]
    device = str(getattr(model, "device", "cpu"))
    rows: list[Row] = []
    for n in copies:
        test = f"{n} copies, {n * len(atoms)} atoms"
        if n > 1 and "extensive" not in model.supports:
            rows.append(skipped_row(test, "evaluate", f"{type(model).__name__} describes one molecule"))
            continue
        frames = [_copies(atoms, n)]
        model.predict(frames)
        times = np.array([_seconds(model, frames, device) for _ in range(repeats)])
        prepare, evaluate = np.median(times, axis=0) * 1e6 / len(frames[0])
        rows.append(Score(test, "prepare", "time_per_atom", float(prepare), "µs/atom"))
        rows.append(Score(test, "evaluate", "time_per_atom", float(evaluate), "µs/atom"))
    return rows


def _copies(atoms: Atoms, n: int) -> Atoms:
    """Repeat a crystal, or set n copies of a molecule on a cubic grid."""
    if atoms.pbc.any():
        return atoms.repeat((n, 1, 1))
    many = Atoms()
    pitch = np.ptp(atoms.positions, axis=0).max() + GAP
    side = int(np.ceil(n ** (1 / 3)))
    for k in range(n):
        copy = atoms.copy()
        copy.positions += pitch * np.array([k % side, k // side % side, k // side**2])
        many += copy
    return many


def _seconds(model: ForceField, frames: list[Atoms], device: str) -> tuple[float, float]:
    """Return the wall times of preparation and evaluation."""
    with measure(device) as first:
        prepared = model.prepare(frames)
    with measure(device) as second:
        model.evaluate(prepared)
    return first.seconds, second.seconds
