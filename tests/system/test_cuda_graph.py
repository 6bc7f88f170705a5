"""Captured functions of batches: values elsewhere than on a CUDA device, shapes, and failed captures."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

import pytest
import torch

from mlffbench.system import cuda_graph
from mlffbench.system.cuda_graph import CapturedFunction, tensors_of
from mlffbench.system.torch_work import torch_work


@dataclass(frozen=True)
class Batch:
    x: torch.Tensor
    more: dict[str, torch.Tensor]


def batch(n: int, value: float) -> Batch:
    return Batch(torch.full((n,), value), {"y": torch.arange(float(n))})


def product(batch: Batch) -> torch.Tensor:
    return (batch.x * batch.more["y"]).sum()


def test_on_a_cpu_it_is_the_plain_function():
    captured = CapturedFunction(product, torch.device("cpu"), "product")
    assert not captured.captures
    assert captured(batch(3, 2.0)) == 6.0
    assert [t.shape for t in tensors_of(batch(3, 2.0))] == [(3,), (3,)]


@pytest.mark.gpu
def test_replayed_values_are_those_of_the_function_for_every_shape():
    device = torch.device("cuda")
    captured = CapturedFunction(product, device, "product")
    for k in range(24):
        at = batch(3 + k % 3, float(k))
        moved = Batch(at.x.to(device), {"y": at.more["y"].to(device)})
        assert captured(moved).item() == product(at).item()
    assert captured.failure is None
    assert len(captured._graphs) == 3


@pytest.mark.gpu
def test_a_function_that_waits_runs_plainly_with_one_warning():
    device = torch.device("cuda")
    captured = CapturedFunction(lambda x: x[x > 1].sum(), device, "sum")
    x = torch.arange(4.0, device=device)
    with pytest.warns(UserWarning, match="sum is not captured") as warned:
        values = [captured(x).item() for _ in range(cuda_graph.WARM_UP + 3)]
    assert values == [5.0] * len(values)
    assert len(warned) == 1
    assert captured.failure is not None
    assert not captured.captures


class Replayed:
    """A pool on the CPU whose graphs say that they were replayed."""

    def __init__(self, device: torch.device) -> None:
        self.replays = 0

    def stream(self):
        return nullcontext()

    def record(self, function):
        pool = self

        class Graph:
            value = function()

            def replay(self) -> None:
                pool.replays += 1

        return Graph()


def test_a_captured_function_can_be_called_plainly_to_count_its_operations():
    pool = Replayed(torch.device("cpu"))
    captured = CapturedFunction(lambda x: (x @ x).exp().sum(), torch.device("cpu"), "sum", pool)
    x = torch.ones(4, 4)
    for _ in range(cuda_graph.WARM_UP + 2):
        captured(x)
    assert pool.replays > 0
    before = pool.replays
    work = torch_work(lambda: captured(x))
    assert pool.replays == before
    assert (work.operations, work.flops) == (3, 2 * 4**3)
    captured(x)
    assert pool.replays == before + 1


def test_a_graph_that_was_dropped_is_not_captured_again_at_once():
    """More shapes in turn than graphs are kept: each would be captured at every call."""
    captures: list[int] = []

    class Counted(Replayed):
        def record(self, function):
            captures.append(1)
            return super().record(function)

    captured = CapturedFunction(lambda x: x.sum(), torch.device("cpu"), "sum", Counted(torch.device("cpu")))
    shapes = range(1, cuda_graph.MOST + 3)
    for _ in range(20):
        for n in shapes:
            captured(torch.ones(n))
    assert len(captures) < 2 * len(shapes)
