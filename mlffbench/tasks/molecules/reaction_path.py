"""Minimum-energy path of a reaction: barrier, saddle point and reaction energy."""

from __future__ import annotations

from functools import partial

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.data import Curve, Score, bare
from mlffbench.properties.geometry import superposed_rmsd
from mlffbench.properties.reaction_path import ReactionPath, permuted, reaction_path
from mlffbench.tasks.common.subtasks import Row, Subtask, error_row, skipped_row
from mlffbench.tasks.molecules.molecule import MEV, Molecule, barrier_row

__all__ = ["subtasks"]

TEST = "reaction path"


def subtasks(molecule: Molecule) -> dict[str, Subtask]:
    """Return the one subtask of the reaction path."""
    return {"reaction_path": partial(_rows, molecule)}


def _rows(molecule: Molecule) -> list[Row]:
    settings = molecule.settings
    if settings.permutation is None and settings.path_group not in molecule.split.tests:
        return [skipped_row(TEST, "barrier", "no end of a path is named, by an option or the card")]
    predicted, true = molecule.compare(lambda calculator, atoms: _path(molecule, calculator, atoms))
    rows: list[Row] = [_curve(predicted, true)]
    barrier = _stored_barrier(molecule) if true is None else true.barrier
    saddle = molecule.saddle if true is None else true.saddle
    if barrier is None:
        rows.append(skipped_row(TEST, "barrier", "the dataset has no energy of the saddle point"))
    else:
        rows.append(barrier_row(TEST, predicted, barrier))
    if saddle is not None:
        rows.append(Score(TEST, "saddle", "rmsd", superposed_rmsd(predicted.saddle, saddle), "Å"))
    if true is not None:
        energies = MEV * predicted.reaction_energy, MEV * true.reaction_energy
        rows.append(error_row(TEST, "reaction energy", *energies, "meV"))
    return rows


def _path(molecule: Molecule, calculator: BaseCalculator, minimum: Atoms) -> ReactionPath:
    """Relax a band from the minimum to its permuted image, or between the ends of the labelled path."""
    settings = molecule.settings
    if settings.permutation is not None:
        start, end = minimum, permuted(minimum, settings.permutation, settings.mirror)
    else:
        indices = molecule.ordered(str(settings.path_group))[[0, -1]]
        start, end = (bare(molecule.dataset.frames[i]) for i in indices)
    return reaction_path(
        calculator, start, end, settings.n_images,
        fmax=settings.path_fmax, ends_fmax=settings.fmax, seed=molecule.seed,
    )  # fmt: skip


def _stored_barrier(molecule: Molecule) -> float | None:
    """Energy of the stored saddle point above the ground state, eV."""
    top = None if molecule.settings.saddle is None else molecule.stored_value(molecule.settings.saddle)
    bottom = molecule.stored_value(molecule.name)
    return None if top is None or bottom is None else top - bottom


def _curve(predicted: ReactionPath, true: ReactionPath | None) -> Curve:
    """Energies above the first image."""
    above = lambda path: (path.energies - path.energies[0]).tolist()
    return Curve(
        TEST, "length of the path (Å)", "energy (eV)", predicted.lengths.tolist(), above(predicted),
        None if true is None else true.lengths.tolist(), None if true is None else above(true),
    )  # fmt: skip
