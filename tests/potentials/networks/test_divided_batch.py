"""Batches computed in parts where memory runs out: the same step, and the same training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from itertools import count
from typing import Any

import numpy as np
import pytest
import torch

from mlffbench import registry
from mlffbench.data import Labels, Spec
from mlffbench.potentials.networks import training as loop
from mlffbench.potentials.networks.divided_batch import BatchOfFrames
from mlffbench.potentials.networks.training import Settings, Trained, train
from mlffbench.testing import solids
from mlffbench.testing.replay import replayed_on_cpu

LACKS = "not enough memory: DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"


class Memory:
    """Raise an error of lacking memory for parts of more frames than it has room for."""

    def __init__(self, room: int, error: BaseException) -> None:
        self.room, self.error = room, error
        self.sizes: list[int] = []

    def check(self, n: int) -> None:
        self.sizes.append(n)
        if n > self.room:
            raise self.error


ERRORS = [
    MemoryError("Unable to allocate"),
    RuntimeError(LACKS),
    torch.OutOfMemoryError("CUDA out of memory"),
]


def fit(memory: Memory) -> tuple[Trained, torch.nn.Linear]:
    """y = 2x by batches of 4, 4 and 1 numbers."""
    module = torch.nn.Linear(1, 1, dtype=torch.float64)
    with torch.no_grad():
        module.weight.fill_(1.0)
        module.bias.fill_(0.5)
    x = torch.linspace(-1, 1, 9, dtype=torch.float64)[:, None]

    def part(frames: Any, whole: Any, most: int) -> tuple[torch.Tensor, float]:
        assert len(frames) <= most
        return x[list(frames)], len(frames) / len(whole)

    def batches() -> Iterator[BatchOfFrames[tuple[torch.Tensor, float]]]:
        for picks in ([0, 1, 2, 3], [4, 5, 6, 7], [8]):
            yield BatchOfFrames(picks, 4, part)

    def loss(batch: tuple[torch.Tensor, float]) -> torch.Tensor:
        memory.check(len(batch[0]))
        return (module(batch[0]) - 2 * batch[0]).square().mean() * batch[1]

    groups = [{"params": module.parameters(), "lr": 0.05}]
    trained: Trained = train(module, groups, batches, loss, None, Settings(4))
    return trained, module


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(("room", "parts"), [(3, 2), (1, 4)])
def test_a_training_goes_on_in_parts(room: int, parts: int, error: BaseException) -> None:
    plain, expected = fit(Memory(9, error))
    memory = Memory(room, error)
    with pytest.warns(UserWarning, match="memory ran out: batches are computed in [24] parts now"):
        trained, module = fit(memory)
    assert [row["parts"] for row in trained.history] == [parts] * 4
    assert "parts" not in plain.history[0]
    for name in ("loss", "validation"):
        columns = [[row[name] for row in each.history] for each in (trained, plain)]
        np.testing.assert_allclose(columns[0], columns[1], rtol=1e-12)
    torch.testing.assert_close(module.weight, expected.weight, rtol=1e-12, atol=0)
    assert memory.sizes.count(4) == 1  # later batches are divided at once


def test_a_frame_that_does_not_fit_ends_the_training() -> None:
    with pytest.warns(UserWarning, match="memory ran out"), pytest.raises(MemoryError, match="Unable"):
        fit(Memory(0, ERRORS[0]))


def test_another_error_is_not_taken_for_lacking_memory() -> None:
    with pytest.raises(RuntimeError, match="of another kind"):
        fit(Memory(3, RuntimeError("of another kind")))


def test_a_step_is_not_done_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights have changed when the average finds no memory: nothing can be repeated."""

    def update(self: Any) -> None:
        raise MemoryError("late")

    monkeypatch.setattr(loop.Average, "update", update)
    with pytest.raises(MemoryError, match="late"):
        fit(Memory(9, ERRORS[0]))


# ---------------------------------------------------------------- the losses of all networks
NETWORKS: dict[str, dict[str, Any]] = {
    "behler_parrinello": {"hidden": (4,)},
    "equivariant_network": {"num_channels": 2},
    "mace": {"num_channels": 2, "max_L": 0, "max_ell": 1, "correlation": 2},
    "painn": {"channels": 4, "layers": 1},
}


@pytest.mark.parametrize("capture", [False, True], ids=["plain", "captured"])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_parts_of_a_batch_give_the_step_of_the_whole(
    name: str, capture: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On frames of several sizes, some without labels of forces and of stresses."""
    frames, known = list(solids().frames[:6]), solids().labels[:6]
    assert known.forces is not None
    assert known.stress is not None
    labels = Labels(known.energy, (None, *known.forces[1:]), (*known.stress[:4], None, known.stress[5]))
    shared = {"max_epochs": 3, "batch_size": 4, "dtype": "float64", "cutoff": 4.0, "random_state": 1}
    make = lambda: registry.make(Spec(name, shared | NETWORKS[name]), ("estimators",))
    with replayed_on_cpu() if capture else nullcontext():
        whole = make().fit(frames, labels)
        add, calls = loop._Run._add_gradient, count(1)

        def lacking(run: Any, part: Any) -> torch.Tensor:
            value = add(run, part)  # gradients of a part are there when the next finds no memory
            if next(calls) == 1:
                raise MemoryError
            return value

        monkeypatch.setattr(loop._Run, "_add_gradient", lacking)
        silent = name == "mace"  # as mace-torch's warnings, ours is not shown there
        with nullcontext() if silent else pytest.warns(UserWarning, match="computed in 2 parts"):
            divided = make().fit(frames, labels)
    for quantity in ("loss", "validation"):
        columns = [[row[quantity] for row in model.history_] for model in (divided, whole)]
        np.testing.assert_allclose(columns[0], columns[1], rtol=1e-9)
    assert [row.get("parts") for row in divided.history_] == [2, 2, 2]
