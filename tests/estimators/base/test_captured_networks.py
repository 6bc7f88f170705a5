"""Training steps of the networks on graphs as captured, padded batches: the plain step's losses, no wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule

from mlffbench.data import Labels
from mlffbench.estimators.base.graph_network import GraphNetwork
from mlffbench.estimators.equivariant_network import EquivariantNetwork
from mlffbench.estimators.painn import PaiNN
from mlffbench.estimators.schnet import SchNet
from mlffbench.estimators.tensornet import TensorNet
from mlffbench.potentials.networks import training
from mlffbench.system import cuda_graph
from mlffbench.testing.launches import operations, waits
from mlffbench.testing.replay import replayed_on_cpu

NETWORKS = [EquivariantNetwork, SchNet, PaiNN, TensorNet]
EACH = pytest.mark.parametrize("cls", NETWORKS, ids=lambda c: c.__name__)
PRECISE = [(cls, "float64", 1e-10) for cls in NETWORKS]
SINGLE = [(cls, "float32", 1e-4) for cls in NETWORKS]
COLUMNS = ("cls", "dtype", "tolerance")


def mixture() -> tuple[list[Atoms], Labels]:
    """Molecules, an atom and crystals of silicon and oxygen; every third frame lacks forces."""
    kinds = [
        bulk("Si", cubic=True), molecule("SiO"), bulk("SiO", "zincblende", a=4.8), molecule("O2"),
        bulk("Si"), Atoms("Si"), molecule("Si2"), molecule("O3"),
    ]  # fmt: skip
    frames = [a.copy() for a in (*kinds, *kinds[:-1])]
    rng = np.random.default_rng(0)
    for atoms in frames:
        atoms.positions += rng.normal(0, 0.08, atoms.positions.shape)
    forces = tuple(None if i % 3 == 2 else rng.normal(0, 1, (len(a), 3)) for i, a in enumerate(frames))
    stress = tuple(rng.normal(0, 0.01, 6) if a.pbc.all() else None for a in frames)
    return frames, Labels(rng.normal(0, 1, len(frames)), forces, stress)


def network(cls: type[GraphNetwork], **params: Any) -> GraphNetwork:
    """Five steps an epoch: 14 frames to train on, three at a time, and two in the last batch."""
    more = {"batch_size": 3, "validation_fraction": 0.07, "max_epochs": 10, "cutoff": 2.6}
    more |= {"learning_rate": 2e-3}  # rounding grows slowly
    return cls(**cls.test_params() | more | params)


def losses(model: GraphNetwork) -> np.ndarray:
    return np.array([(row["loss"], row["validation"]) for row in model.history_])


@contextmanager
def intercepted(monkeypatch: pytest.MonkeyPatch, function: Any) -> Iterator[None]:
    """Call ``function(run, batch)`` in place of each training step."""
    with monkeypatch.context() as patch:
        patch.setattr(training._Run, "update", function)
        yield


@pytest.mark.parametrize(COLUMNS, [*PRECISE, SINGLE[0]])
def test_losses_of_fifty_captured_steps_are_those_of_plain_ones(
    cls: type[GraphNetwork], dtype: str, tolerance: float
) -> None:
    frames, labels = mixture()
    plain = network(cls, dtype=dtype).fit(frames, labels)
    captured = network(cls, dtype=dtype)
    with replayed_on_cpu() as recorded:
        captured.fit(frames, labels)
    assert (plain.captured_, captured.captured_) == ("no: cpu", "yes")
    assert len(recorded) >= 4  # several shapes of steps, and the validation
    np.testing.assert_allclose(losses(captured), losses(plain), rtol=tolerance)
    np.testing.assert_allclose(
        captured.predict(frames).energy, plain.predict(frames).energy, rtol=tolerance, atol=tolerance
    )


@pytest.mark.gpu
@pytest.mark.parametrize(COLUMNS, PRECISE + SINGLE)
def test_losses_of_fifty_captured_steps_are_those_of_plain_ones_on_a_gpu(
    cls: type[GraphNetwork], dtype: str, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, labels = mixture()
    captured = network(cls, dtype=dtype, device="cuda").fit(frames, labels)
    on_cpu = network(cls, dtype=dtype).fit(frames, labels)
    monkeypatch.delitem(cuda_graph.POOLS, "cuda")
    plain = network(cls, dtype=dtype, device="cuda").fit(frames, labels)
    assert (plain.captured_, captured.captured_) == ("no: cuda", "yes")
    np.testing.assert_allclose(losses(captured), losses(plain), rtol=tolerance)
    np.testing.assert_allclose(losses(plain)[:3], losses(on_cpu)[:3], rtol=1e-3)


@EACH
def test_steps_and_validation_wait_for_nothing(
    cls: type[GraphNetwork], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    update = training._Run.update

    def step(run: Any, batch: Any) -> torch.Tensor:
        value = update(run, batch)
        seen.append(waits(lambda: update(run, batch)))
        seen.append(waits(lambda: run.validate.error.function(batch)))
        return value

    frames, labels = mixture()
    with replayed_on_cpu(), intercepted(monkeypatch, step):
        network(cls, max_epochs=1).fit(frames, labels)
    assert seen == [[]] * 10


def test_the_operations_of_a_step_stay_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a kernel or more on a GPU; three layers of scalars and vectors."""
    counts: list[int] = []
    update = training._Run.update

    def step(run: Any, batch: Any) -> torch.Tensor:
        value = update(run, batch)
        counts.append(len(operations(lambda: update(run, batch))))
        return value

    frames, labels = mixture()
    with intercepted(monkeypatch, step):
        network(EquivariantNetwork, max_epochs=1, num_layers=3).fit(frames, labels)
    assert max(counts) < MOST_OPERATIONS


MOST_OPERATIONS = 980


def test_a_warm_start_is_captured_anew() -> None:
    frames, labels = mixture()
    histories = []
    for capture in (False, True):
        model = network(SchNet, warm_start=True, max_epochs=4, validation_fraction=0.0)
        with replayed_on_cpu() if capture else nullcontext():
            first = losses(model.fit(frames, labels))
            histories.append(np.concatenate([first, losses(model.fit(frames, labels))]))
    assert histories[1][4, 0] < histories[1][0, 0]
    np.testing.assert_allclose(*histories, rtol=1e-9)
