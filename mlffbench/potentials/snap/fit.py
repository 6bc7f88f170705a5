"""Weighted linear least squares of a SNAP, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.potentials.regression.bayesian_ridge import NormalEquations
from mlffbench.potentials.snap.bispectrum import Bispectrum
from mlffbench.potentials.snap.rows import rows
from mlffbench.system import progress

__all__ = ["MOST_COLUMNS", "add_frames", "check_size"]

MOST_COLUMNS = 6000  # whose normal equations take 300 MB
BLOCK = 2**22  # entries of the rows that are added at once


def check_size(bispectrum: Bispectrum) -> None:
    """Refuse more coefficients than a fit can take.

    Raises
    ------
    ValueError
        The message says which setting would have fewer.
    """
    if (n := bispectrum.n_columns) <= MOST_COLUMNS:
        return
    other = "" if bispectrum.form == "linear" else f", or form='linear' instead of {bispectrum.form!r}"
    raise ValueError(
        f"SNAP would have {n} coefficients for {len(bispectrum.elements)} elements, more than "
        f"{MOST_COLUMNS}: choose two_j_max below {bispectrum.two_j_max}{other}"
    )


def add_frames(
    equations: NormalEquations,
    bispectrum: Bispectrum,
    frames: Sequence[Atoms],
    labels: Labels,
    weights: Mapping[str, float],
) -> None:
    """Add the frames' rows to the normal equations.

    Parameters
    ----------
    equations : NormalEquations
    bispectrum : Bispectrum
    frames, labels
        Energies relative to isolated atoms, eV; forces, eV/Å; stresses, eV/Å³. Missing ones have no rows.
    weights : mapping of str to float
        Of residuals of ``energy`` (per atom), ``forces`` and ``stress``.
    """
    pending: list[tuple[np.ndarray, np.ndarray]] = []
    for block in _blocks(bispectrum, frames, labels, weights):
        pending.append(block)
        if sum(x.size for x, _ in pending) >= BLOCK:
            _add(equations, pending)
    _add(equations, pending)


def _add(equations: NormalEquations, pending: list[tuple[np.ndarray, np.ndarray]]) -> None:
    if pending:
        design, targets = zip(*pending, strict=True)
        equations.add(np.concatenate(design), np.concatenate(targets))
        pending.clear()


def _blocks(
    bispectrum: Bispectrum, frames: Sequence[Atoms], labels: Labels, weights: Mapping[str, float]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Weighted rows and targets of each frame."""
    for i, atoms in enumerate(frames):
        table = rows(bispectrum, atoms)
        parts = [(table.energy[None] / len(atoms), labels.energy[i : i + 1] / len(atoms), weights["energy"])]
        if labels.forces is not None and (forces := labels.forces[i]) is not None:
            parts.append((table.forces.reshape(forces.size, -1), forces.ravel(), weights["forces"]))
        stress = None if labels.stress is None else labels.stress[i]
        if stress is not None and table.stress is not None:
            parts.append((table.stress, stress, weights["stress"]))
        yield (
            np.concatenate([weight * x for x, _, weight in parts if weight > 0]),
            np.concatenate([weight * y for _, y, weight in parts if weight > 0]),
        )
        progress.report("bispectrum", i + 1, len(frames))
