"""Weighted linear least squares of a SNAP, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.potentials.regression.bayesian_ridge import BayesianRidge, NormalEquations
from mlffbench.potentials.snap.bispectrum import Bispectrum
from mlffbench.potentials.snap.rows import rows
from mlffbench.system import progress

__all__ = ["MOST_COLUMNS", "Block", "add_frames", "calibrated_scales", "check_size"]

MOST_COLUMNS = 6000  # whose normal equations take 300 MB
BLOCK = 2**22  # entries of the rows that are added at once
SAMPLE = 2**22  # entries of the rows that calibrate: 32 MB
SMALLEST_REST = 1e-3  # of 1 − h, which is rounding where a row is fitted exactly


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


@dataclass(frozen=True)
class Block:
    """Weighted rows and targets of one kind of labels."""

    kind: str
    rows: np.ndarray
    targets: np.ndarray


def add_frames(
    equations: NormalEquations,
    bispectrum: Bispectrum,
    frames: Sequence[Atoms],
    labels: Labels,
    weights: Mapping[str, float],
) -> list[Block]:
    """Add the frames' rows to the normal equations; return those of the first frames, to calibrate.

    Parameters
    ----------
    equations : NormalEquations
    bispectrum : Bispectrum
    frames, labels
        Energies relative to isolated atoms, eV; forces, eV/Å; stresses, eV/Å³. Missing ones have no rows.
    weights : mapping of str to float
        Of residuals of ``energy`` (per atom), ``forces`` and ``stress``.
    """
    pending, sample = list[Block](), list[Block]()
    for block in _blocks(bispectrum, frames, labels, weights):
        pending.append(block)
        if sum(b.rows.size for b in sample) < SAMPLE:
            sample.append(block)
        if sum(b.rows.size for b in pending) >= BLOCK:
            _add(equations, pending)
    _add(equations, pending)
    return sample


def _add(equations: NormalEquations, pending: list[Block]) -> None:
    if pending:
        equations.add(np.concatenate([b.rows for b in pending]), np.concatenate([b.targets for b in pending]))
        pending.clear()


def _blocks(
    bispectrum: Bispectrum, frames: Sequence[Atoms], labels: Labels, weights: Mapping[str, float]
) -> Iterator[Block]:
    """Weighted rows of each frame."""
    for i, atoms in enumerate(frames):
        table, known = rows(bispectrum, atoms), {}
        known["energy"] = table.energy[None] / len(atoms), labels.energy[i : i + 1] / len(atoms)
        if labels.forces is not None and (forces := labels.forces[i]) is not None:
            known["forces"] = table.forces.reshape(forces.size, -1), forces.ravel()
        stress = None if labels.stress is None else labels.stress[i]
        if stress is not None and table.stress is not None:
            known["stress"] = table.stress, stress
        for kind, (design, targets) in known.items():
            if weight := weights[kind]:
                yield Block(kind, weight * design, weight * targets)
        progress.report("bispectrum", i + 1, len(frames))


def calibrated_scales(ridge: BayesianRidge, sample: Sequence[Block]) -> dict[str, float]:
    """Factors c of deviations σ√h that make them as large as leave-one-out errors, by kind of label.

    c² = ⟨(r/(1 − h))²⟩ / ⟨σ² h/(1 − h)⟩ over rows of the training set, r their residuals and
    h = xᵀ(XᵀX + κD²)⁻¹x their leverages. A posterior of so few coefficients knows them well even where no
    coefficients fit the labels: labels of electronic structure theory have less noise than a SNAP has error.
    """
    scales = {}
    for kind in dict.fromkeys(block.kind for block in sample):
        design = np.concatenate([b.rows for b in sample if b.kind == kind])
        targets = np.concatenate([b.targets for b in sample if b.kind == kind])
        variance = ridge.deviations(design) ** 2
        rest = np.maximum(1.0 - variance / ridge.noise**2, SMALLEST_REST)
        errors = (targets - design @ ridge.coefficients) / rest
        scales[kind] = float(np.sqrt(np.mean(errors**2) / np.mean(variance / rest)))
    return scales
