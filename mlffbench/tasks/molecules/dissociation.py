"""Dissociation curves of single bonds: bond energy, jumps, and falls beyond the dissociation limit."""

from __future__ import annotations

from functools import partial

import numpy as np
from ase import Atoms

from mlffbench.data import Curve, Score
from mlffbench.properties.bonds import bonds, fragments
from mlffbench.properties.dissociation import Dissociation, dissociation
from mlffbench.tasks.common.subtasks import Row, Subtask, error_row, skipped_row
from mlffbench.tasks.molecules.molecule import Molecule

__all__ = ["subtasks"]


def subtasks(molecule: Molecule) -> dict[str, Subtask]:
    """Return the one subtask of all bonds."""
    return {"dissociation": partial(_rows, molecule)}


def _rows(molecule: Molecule) -> list[Row]:
    named = molecule.settings.bonds
    pairs = (
        _one_bond_of_each_kind(molecule.true_minimum)
        if named is None
        else [(int(i), int(j)) for i, j in named]
    )
    return [row for pair in pairs for row in _bond_rows(molecule, pair)]


def _bond_rows(molecule: Molecule, bond: tuple[int, int]) -> list[Row]:
    test = "-".join(f"{molecule.true_minimum.symbols[i]}{i}" for i in bond)
    if tuple(sorted(bond)) not in {*map(tuple, bonds(molecule.minimum).tolist())}:
        return [skipped_row(test, "bond energy", f"the model's minimum has no bond {test}")]
    longest, n_points = molecule.settings.longest, molecule.settings.n_points
    predicted, true = molecule.compare(
        lambda calculator, atoms: dissociation(calculator, atoms, bond, longest=longest, n=n_points)
    )
    rows: list[Row] = [
        Score(test, "bond energy", "jump", predicted.discontinuity, "eV"),
        Score(test, "bond energy", "fall", predicted.fall, "eV"),
        _curve(test, predicted, true),
    ]
    if true is not None:
        rows.append(error_row(test, "bond energy", predicted.depth, true.depth, "eV"))
    return rows


def _curve(test: str, predicted: Dissociation, true: Dissociation | None) -> Curve:
    return Curve(
        f"dissociation of {test}", "distance (Å)", "energy (eV)",
        predicted.distances.tolist(), predicted.energies.tolist(),
        None if true is None else true.distances.tolist(), None if true is None else true.energies.tolist(),
    )  # fmt: skip


def _one_bond_of_each_kind(atoms: Atoms) -> list[tuple[int, int]]:
    """Return one bond outside of rings of every two elements that are bonded."""
    pairs = bonds(atoms)
    kinds: dict[frozenset[str], tuple[int, int]] = {}
    for k, (i, j) in enumerate(pairs.tolist()):
        fragment = fragments(np.delete(pairs, k, axis=0), len(atoms))
        if fragment[i] != fragment[j]:
            kinds.setdefault(frozenset(atoms.symbols[[i, j]]), (i, j))
    return list(kinds.values())
