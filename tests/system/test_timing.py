"""The stopwatch against sleep, memory against an array of known size."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from mlffbench.system.timing import measure, seconds_of


def test_seconds_are_wall_time():
    with measure() as m:
        time.sleep(0.05)
    assert 0.05 <= m.seconds < 0.5
    assert m.peak_gpu_memory_mb is None


def test_peak_memory_sees_what_is_freed_again():
    with measure() as before:
        pass
    with measure() as during:
        block = np.ones(40 * 2**20 // 8 * 4)
        time.sleep(0.05)
        del block
    assert during.peak_memory_mb > before.peak_memory_mb + 100


def test_an_error_inside_still_stops_the_watch():
    with pytest.raises(KeyError), measure() as m:
        raise KeyError
    assert m.seconds > 0


def test_a_gpu_that_is_not_there_is_a_sentence():
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ValueError, match="sees no GPU"), measure("cuda"):
        pass


@pytest.mark.gpu
def test_the_clock_waits_for_the_device():
    import torch

    a = torch.randn(8192, 8192, device="cuda")
    with measure("cuda") as m:
        for _ in range(20):
            a = a @ a
            a = a / a.norm()
    assert m.seconds > 20 * 2 * 8192**3 / 1e15, "faster than any GPU: the clock did not wait"
    assert m.peak_gpu_memory_mb >= 8192**2 * 4 / 2**20


def test_a_call_is_timed_without_a_thread_beside_it():
    threads = []

    def call():
        threads.append(threading.active_count())
        time.sleep(0.01)

    before = threading.active_count()
    assert 0.01 <= seconds_of(call) < 0.1
    assert threads == [before]
