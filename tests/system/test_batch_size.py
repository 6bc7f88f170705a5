"""Sizes of batches by the memory of a device."""

from __future__ import annotations

import pytest
import torch

from mlffbench.system import batch_size
from mlffbench.system.batch_size import batch_bytes, consecutive_parts, with_half_on_memory_error

GB = 10**9


@pytest.mark.parametrize(("free", "unused"), [(8 * GB, 0), (2 * GB, 6 * GB)])
def test_a_batch_takes_a_quarter_of_the_free_memory_of_a_gpu(monkeypatch, free, unused):
    asked = []
    monkeypatch.setattr(batch_size, "_free", {})
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: asked.append(device) or (free, 80 * GB))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: unused + GB)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: GB)
    assert batch_bytes("cuda") == batch_bytes("cuda") == 2 * GB
    assert len(asked) == 1, "the second call is a moment later"
    assert batch_bytes("cpu") == batch_size.CPU_BYTES


def test_parts_hold_all_frames_in_order_and_no_more_than_fits():
    costs = [3, 1, 1, 7, 20, 2, 2, 2, 2, 2]
    parts = consecutive_parts(costs, room=8)
    assert [i for part in parts for i in range(len(costs))[part]] == list(range(len(costs)))
    sums = [sum(costs[part]) for part in parts]
    assert max(s for s in sums if s != 20) <= 8
    assert all(a + b > 8 for a, b in zip(sums, [costs[p.start] for p in parts[1:]], strict=False))
    assert consecutive_parts([], room=8) == []


def test_a_call_that_runs_out_of_memory_runs_once_more_in_halves():
    calls = []

    def fails(n: int, until: int = 2) -> str:
        calls.append(n)
        if n < until:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return f"in {n}"

    assert with_half_on_memory_error(fails) == "in 2"
    assert calls == [1, 2]
    with pytest.raises(torch.OutOfMemoryError):
        with_half_on_memory_error(lambda n: fails(n, until=3))
    assert with_half_on_memory_error(str) == "1"
