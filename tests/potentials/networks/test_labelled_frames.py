"""Batches gathered on the device are the graphs of their frames; padding is a frame without labels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule

from mlffbench.data import Labels
from mlffbench.descriptors import graph
from mlffbench.potentials.networks.labelled_frames import LabelledFrames
from mlffbench.system.cuda_graph import tensors_of
from mlffbench.testing.launches import waits

CUTOFF = 4.0


def rattled(atoms: Atoms, seed: int = 0) -> Atoms:
    atoms = atoms.copy()
    atoms.rattle(0.1, seed=seed)
    return atoms


FRAMES = [rattled(bulk("Si")), Atoms("O"), rattled(molecule("CH4"))]
LABELS = Labels(np.arange(3.0), (None, np.ones((1, 3)), np.zeros((5, 3))), (np.ones(6), None, None))


@pytest.fixture
def labelled() -> LabelledFrames:
    return LabelledFrames.build(FRAMES, LABELS, CUTOFF)


def pairs(graph: graph.Graph) -> list[tuple[float, ...]]:
    """Source, target and shift of each pair; their order within a source is the list's own."""
    columns = (graph.source[:, None], graph.target[:, None], graph.shifts)
    return sorted(map(tuple, torch.cat(columns, dim=1).tolist()))


@pytest.mark.parametrize("picks", [[0, 1, 2], [2, 0], [1], [2, 2, 0]])
def test_a_batch_is_the_graph_of_its_frames(labelled: LabelledFrames, picks: list[int]) -> None:
    batch = labelled.batch(picks)
    expected = graph.build([FRAMES[i] for i in picks], CUTOFF)
    for name in ("numbers", "positions", "cells", "periodic", "frame", "source"):
        torch.testing.assert_close(getattr(batch.graph, name), getattr(expected, name), msg=name)
    assert pairs(batch.graph) == pairs(expected)
    assert batch.energy.tolist() == [float(i) for i in picks]
    assert batch.sizes.tolist() == [len(FRAMES[i]) for i in picks]
    assert batch.forces.isnan().sum() == 6 * picks.count(0)
    assert batch.stress.isnan().sum() == 6 * (len(picks) - picks.count(0))
    assert len(labelled) == 3


@pytest.mark.parametrize("picks", [[0, 1], [2], []])
def test_padding_follows_the_frames_and_knows_no_label(labelled: LabelledFrames, picks: list[int]) -> None:
    shapes = labelled.shapes(range(3), 2)
    plain, padded = labelled.batch(picks), labelled.batch(picks, shapes)
    n, p, f = len(plain.graph.numbers), len(plain.graph.source), len(picks)
    assert (len(padded.graph.numbers), len(padded.graph.source)) in shapes.levels
    assert padded.graph.n_frames == 3
    for name, rows in (("numbers", n), ("positions", n), ("source", p), ("target", p), ("shifts", p)):
        assert torch.equal(getattr(padded.graph, name)[:rows], getattr(plain.graph, name)), name
    assert torch.equal(padded.energy[:f], plain.energy)
    for label, rows in ((padded.energy, f), (padded.forces, n), (padded.stress, f)):
        assert label[rows:].isnan().all()
    assert (padded.sizes[f:] == 1).all()
    assert (padded.graph.frame[n:] == 2).all()
    ends = torch.cat([padded.graph.source[p:], padded.graph.target[p:]])
    assert (ends >= n).all()
    assert (ends < len(padded.graph.numbers)).all()
    distances = padded.graph.vectors[p:].norm(dim=1)
    torch.testing.assert_close(distances, torch.full_like(distances, 2 * CUTOFF))


def test_batches_of_a_shape_differ_in_values_only(labelled: LabelledFrames) -> None:
    shapes = labelled.shapes([0, 0], 1)
    kinds = {tuple((t.shape, t.dtype) for t in tensors_of(labelled.batch([i], shapes))) for i in (0, 1)}
    assert len(kinds) == 2  # one silicon cell and one atom: two levels
    assert len({tuple(t.shape for t in tensors_of(labelled.batch([0], shapes))) for _ in range(2)}) == 1


def test_gathering_copies_from_the_host_once(labelled: LabelledFrames) -> None:
    shapes = labelled.shapes(range(3), 2)
    assert waits(lambda: labelled.batch([2, 0], shapes)) == ["lift_fresh"]
