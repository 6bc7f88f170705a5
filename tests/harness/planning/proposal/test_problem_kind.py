"""Kinds of problems, told from structures, labels and columns."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from example_proposals import dataset, walk

from mlffbench.harness.planning.proposal.problem_kind import problem_kind


@pytest.mark.parametrize(
    ("frames", "name"),
    [
        ([molecule("CH4")] * 12, "one molecule"),
        ([molecule("CH4"), molecule("H2O")] * 6, "2 molecules"),
        ([bulk("Si")] * 12, "crystals or liquids"),
        ([fcc111("Cu", (1, 1, 3), vacuum=8.0)] * 12, "slabs"),
        ([fcc111("Cu", (1, 1, 3), vacuum=8.0, periodic=True)] * 12, "slabs"),
        ([bulk("Si")] * 8 + [molecule("H2O")] * 4, "crystals or liquids and molecules"),
        ([Atoms("H2O", molecule("H2O").positions, cell=[30, 30, 30], pbc=True)] * 12, "one molecule"),
    ],
)
def test_structures_have_a_name(frames, name):
    assert problem_kind(dataset(frames)).name == name


def test_one_molecule_in_a_periodic_box_is_not_for_methods_of_molecules():
    boxed = [Atoms("H2O", molecule("H2O").positions, cell=[30, 30, 30], pbc=True)] * 12
    assert not problem_kind(dataset(boxed)).is_one_molecule
    assert problem_kind(dataset([molecule("H2O")] * 12)).is_one_molecule


def test_elements_and_labels_are_counted():
    problem = problem_kind(dataset([bulk("NaCl", "rocksalt", 5.6)] * 12, stress=True))
    assert problem.shares == {"Na": 0.5, "Cl": 0.5}
    assert (problem.n_forces, problem.n_stresses) == (12, 12)
    assert 6 <= problem.neighbours <= 18


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"Temperature": [300.0] * 6 + [600.0] * 6}, {"temperature": "Temperature"}),
        ({"temperature": np.arange(12.0)}, {}),  # that of each moment
        ({"config_type": ["bulk"] * 8 + ["slab"] * 4}, {"group": "config_type"}),
        ({"config_type": ["bulk"] * 8 + [""] * 4}, {}),
        ({"traj": ["a"] * 8 + ["b"] * 4}, {"trajectory": "traj"}),
        ({"split": ["train"] * 8 + ["test"] * 4}, {"published": "split"}),
        ({"config_type": ["all"] * 12}, {}),
    ],
)
def test_columns_that_relate_frames_are_seen(columns, expected):
    frames = [molecule("CH4")] * 12
    assert problem_kind(dataset(frames, columns)).columns == expected


def test_a_trajectory_is_told_from_a_shuffled_one():
    frames = walk(molecule("CH4"), 60)
    order = np.random.default_rng(0).permutation(60)
    assert problem_kind(dataset(frames)).is_ordered
    assert not problem_kind(dataset([frames[i] for i in order])).is_ordered
    assert problem_kind(dataset([molecule("CH4"), molecule("H2O")] * 6)).order is None


def test_a_trajectory_across_the_cell_is_one_too():
    frames = walk(bulk("Cu", cubic=True), 60)
    for atoms in frames:
        atoms.wrap()
    assert problem_kind(dataset(frames)).is_ordered
