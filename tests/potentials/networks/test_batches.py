"""Graphs with labels, joined and grouped."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule

from mlffbench.data import Labels
from mlffbench.descriptors import graph
from mlffbench.potentials.networks.batches import (
    collate,
    consecutive_groups,
    join,
    labelled_graphs,
    mean_square,
)


def rattled(atoms: Atoms, seed: int = 0) -> Atoms:
    atoms = atoms.copy()
    atoms.rattle(0.1, seed=seed)
    return atoms


def test_joined_graphs_are_one_graph() -> None:
    frames = [rattled(bulk("Si")), Atoms("O"), rattled(molecule("CH4"))]
    expected = graph.build(frames, 4.0)
    for name, tensor in vars(collate([graph.build([a], 4.0) for a in frames])).items():
        torch.testing.assert_close(tensor, getattr(expected, name), msg=name)
    data = Labels(np.arange(3.0), (None, np.ones((1, 3)), np.zeros((5, 3))), (np.ones(6), None, None))
    batch = join(labelled_graphs(frames, data, 4.0))
    assert batch.forces.isnan().sum() == 6
    assert batch.stress.isnan().sum() == 12
    assert mean_square(batch.forces).item() == pytest.approx(3 / 18)
    assert mean_square(batch.stress[1:]).item() == 0.0
    assert batch.sizes.tolist() == [2, 1, 5]
    assert [len(g) for g in consecutive_groups([2, 1, 5], atoms=3)] == [2, 1]


def test_consecutive_frames_make_batches() -> None:
    assert consecutive_groups([3, 3, 3, 20, 1], 6) == [[0, 1], [2], [3], [4]]
    assert consecutive_groups([50], 6) == [[0]]
