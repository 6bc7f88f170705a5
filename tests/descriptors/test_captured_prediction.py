"""Predictions of padded and captured graphs against plain ones."""

from __future__ import annotations

import pytest
import torch
from ase.build import bulk, molecule

from mlffbench.descriptors.captured_prediction import CapturedPrediction, padded
from mlffbench.descriptors.graph import Graph, build
from mlffbench.descriptors.pair_forces import with_pair_forces
from mlffbench.testing.launches import waits
from mlffbench.testing.replay import replayed_on_cpu

CUTOFF = 3.0


def energies(graph: Graph) -> torch.Tensor:
    """A smooth pair potential that ends at the cutoff, of atoms with an energy of their own."""
    distance = graph.vectors.norm(dim=1)
    pairs = (1 - (distance / CUTOFF).clamp(max=1) ** 2) ** 3 / distance
    local = graph.numbers.double().index_add(0, graph.source, pairs)
    return graph.sum_atoms(local)


def predicted(graph: Graph) -> tuple[torch.Tensor, ...]:
    return with_pair_forces(energies, graph)


def structures(step: int) -> list:
    frames = [molecule("CH3CH2OH"), bulk("NaCl", "rocksalt", a=5.0)]
    for atoms in frames:
        atoms.rattle(0.05, seed=step)
    return frames


@pytest.mark.parametrize("empty", [False, True])
def test_padding_changes_no_value(empty):
    graph = build([molecule("H", vacuum=9.0)] if empty else structures(0), CUTOFF)
    filled = padded(graph, CUTOFF)
    assert filled.n_frames == graph.n_frames + 1
    for value, expected in zip(predicted(filled), predicted(graph), strict=True):
        torch.testing.assert_close(value[: len(expected)], expected, rtol=1e-12, atol=1e-14)
        assert value.isfinite().all()


def test_structures_of_one_shape_are_replayed_and_equal_to_plain_ones():
    with replayed_on_cpu():
        predict = CapturedPrediction(predicted, CUTOFF, "cpu")
        for step in range(7):
            graph = build(structures(step), CUTOFF)
            for value, expected in zip(predict(graph), predicted(graph), strict=True):
                torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-12)
    assert predict.captured.status == "yes"
    graph = padded(build(structures(0), CUTOFF), CUTOFF)
    assert waits(lambda: predicted(graph)) == []


def test_pairs_are_rounded_up_by_at_most_an_eighth_to_few_numbers():
    graph = build([molecule("H2")], CUTOFF)
    sizes = set()
    for n in range(1, 400):
        source = torch.zeros(n, dtype=torch.long)
        more = Graph(
            **{**vars(graph), "source": source, "target": source, "shifts": torch.zeros(n, 3).double()}
        )
        pairs = len(padded(more, CUTOFF).source)
        assert n < pairs <= max(n + 1, 1.125 * (n + 1))
        sizes.add(pairs)
    assert len(sizes) < 60
