"""Recorded calls do what a CUDA graph does: the same operations on the same tensors, without Python."""

from __future__ import annotations

import pytest
import torch

from mlffbench.system import cuda_graph
from mlffbench.system.cuda_graph import WARM_UP, CapturedFunction, captures
from mlffbench.testing.replay import replayed_on_cpu

CPU = torch.device("cpu")


def test_the_cpu_captures_inside_the_block_only() -> None:
    assert not captures("cpu")
    with replayed_on_cpu():
        assert captures(CPU)
    assert not captures("cpu")


def test_replays_are_the_function_of_every_shape_with_its_state() -> None:
    def step(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        weight.grad = None
        loss = (weight * x.exp()).square().sum()
        loss.backward()
        with torch.no_grad():
            assert weight.grad is not None
            weight.sub_(weight.grad, alpha=1e-3)
        return loss.detach(), x[:1] + 1

    results = []
    for capture in (False, True):
        weight = torch.ones(1, dtype=torch.float64, requires_grad=True)
        with replayed_on_cpu() as recorded:
            pool = None if capture else cuda_graph.POOLS.pop("cpu")
            function = CapturedFunction(step, CPU, "a step")
            xs = [torch.full((2 + k % 2,), 0.01 * k, dtype=torch.float64) for k in range(20)]
            values = [function(x) for x in xs]
            if pool is not None:
                cuda_graph.POOLS["cpu"] = pool
        results.append([*(v[0].item() for v in values), *(v[1].item() for v in values), weight.item()])
    assert len(recorded) == 2
    assert function.status == "yes"
    assert results[0] == results[1]


def test_a_number_of_the_host_is_frozen_as_in_a_graph() -> None:
    calls: list[int] = []

    def count(x: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return x + len(calls)

    with replayed_on_cpu():
        function = CapturedFunction(count, CPU, "a counter")
        values = [function(torch.zeros(1)).item() for _ in range(WARM_UP + 4)]
    assert len(calls) == WARM_UP + 1
    assert values[WARM_UP:] == [WARM_UP + 1] * 4


def test_values_are_the_callers_own() -> None:
    with replayed_on_cpu():
        function = CapturedFunction(torch.square, CPU, "a square")
        values = [function(torch.full((1,), float(k))) for k in range(WARM_UP + 3)]
    assert [v.item() for v in values] == [k**2 for k in range(WARM_UP + 3)]


def test_an_operation_that_waits_ends_the_capture_with_its_name() -> None:
    with replayed_on_cpu():
        function = CapturedFunction(lambda x: x[x > 1].sum(), CPU, "the sum")
        with pytest.warns(UserWarning, match="the sum is not captured .* index with a mask") as warned:
            values = [function(torch.arange(4.0)).item() for _ in range(WARM_UP + 3)]
    assert values == [5.0] * (WARM_UP + 3)
    assert len(warned) == 1
    assert not function.captures
    assert function.status.startswith("no: RuntimeError: operation not permitted")


@pytest.mark.parametrize(("again", "captures"), [(0, 4), (1, 3)])
def test_graphs_used_least_recently_are_dropped_and_captured_again_later(
    again: int, captures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuda_graph, "MOST", 2)
    monkeypatch.setattr(cuda_graph, "AGAIN", again)
    with replayed_on_cpu() as recorded:
        function = CapturedFunction(torch.square, CPU, "a square")
        for size in (1, 2, 3, 1):
            for _ in range(WARM_UP + 1):
                assert function(torch.ones(size)).sum() == size
    assert len(recorded) == captures
    assert len(function._graphs) == 2


def test_a_function_called_less_often_is_not_captured() -> None:
    with replayed_on_cpu():
        function = CapturedFunction(torch.square, CPU, "a square")
        function(torch.ones(1))
        assert function.status == f"no: no shape came more than {WARM_UP} times"
    assert CapturedFunction(torch.square, CPU, "a square").status == "no: cpu"
