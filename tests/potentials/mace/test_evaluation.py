"""Evaluations: quantities, padding, and batches that do not fit into memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from example_mace import CPU, mixed, untrained

from mlffbench.potentials.mace import inputs as inputs_module
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.evaluation import Evaluation
from mlffbench.potentials.mace.inputs import Inputs
from mlffbench.potentials.mace.library import session
from mlffbench.potentials.mace.network import FusedMACE
from mlffbench.testing.launches import operations, waits
from mlffbench.testing.replay import replayed_on_cpu


@pytest.fixture(scope="module")
def fused() -> FusedMACE:
    module = untrained(mixed(), [1, 6, 8], {"max_L": 1, "max_ell": 2})[0]
    with session(torch.float64):
        return FusedMACE(module)


def prepared(module: FusedMACE, scale: float = 1.0) -> Inputs:
    frames = mixed()
    for atoms in frames:
        atoms.positions *= scale
    return Inputs.of(Graphs.build(frames, [1, 6, 8], 4.5, torch.float64, CPU), module)


def test_quantities_that_are_left_out_save_operations(fused: FusedMACE) -> None:
    inputs, evaluate = prepared(fused), Evaluation(fused)
    energies = evaluate(inputs, frozenset({"energy"}))
    assert energies.forces is None
    assert energies.stress is None
    forces, everything = evaluate(inputs, frozenset({"energy", "forces"})), evaluate(inputs)
    assert forces.stress is None
    assert everything.stress is not None
    np.testing.assert_allclose(energies.energy, everything.energy, rtol=1e-12)
    request = lambda *wanted: len(operations(lambda: evaluate.captured((inputs.batches[0], *wanted))))
    assert request(False, False) < 0.6 * request(True, False) < request(True, True)
    assert waits(lambda: evaluate.captured((inputs.batches[0], True, True))) == []


def test_moved_frames_replay_one_graph_and_give_the_plain_labels(fused: FusedMACE) -> None:
    """As in MD: pairs come and go, the shape stays; within 1e-9 of the evaluation without padding."""
    with replayed_on_cpu():
        captured = Evaluation(fused)
        moved = [prepared(fused, 1 + 0.0004 * k) for k in range(6)]
        labels = [captured(inputs) for inputs in moved]
    assert captured.captured.status == "yes"
    assert len({inputs.batches[0].shifts.shape for inputs in moved}) == 1
    plain = Evaluation(fused)(prepared(fused, 1.002))
    np.testing.assert_allclose(labels[5].energy, plain.energy, rtol=1e-9)
    np.testing.assert_allclose(
        np.concatenate(labels[5].forces), np.concatenate(plain.forces), rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(labels[5].stress[2], plain.stress[2], rtol=1e-9, atol=1e-12)


def test_a_batch_too_large_for_the_memory_is_halved(
    fused: FusedMACE, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, evaluate, sizes = prepared(fused), Evaluation(fused), []
    expected = evaluate(inputs)
    whole = evaluate.captured

    def small_memory(request: tuple) -> object:
        sizes.append(len(request[0].sizes))
        if sizes[-1] > 2:
            raise torch.OutOfMemoryError
        return whole(request)

    monkeypatch.setattr(evaluate, "captured", small_memory)
    halved = evaluate(inputs)
    assert sizes == [4, 2, 2]
    np.testing.assert_allclose(halved.energy, expected.energy, rtol=1e-12)
    monkeypatch.setattr(inputs_module, "atoms_of_batch", lambda *_: 1)
    assert len(prepared(fused).batches) == 4
