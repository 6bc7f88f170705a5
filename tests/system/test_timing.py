"""The stopwatch against sleep, memory against an array of known size."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from mlffbench.system import timing
from mlffbench.system.timing import Lead, measure, seconds_of


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


def test_the_host_leads_by_a_few_steps_and_waits_for_the_oldest(monkeypatch):
    waited = []

    class Event:
        def __init__(self, number):
            self.number = number

        def synchronize(self):
            waited.append(self.number)

    numbers = iter(range(100))
    monkeypatch.setattr(timing, "_event", lambda device: Event(next(numbers)))
    lead = Lead("cuda", most=3)
    for _ in range(10):
        lead.step()
    assert waited == list(range(7))
    Lead("cpu").step()
    assert next(numbers) == 10


@pytest.mark.gpu
def test_the_lead_on_a_gpu_is_bounded():
    import torch

    x, lead = torch.randn(4000, 4000, device="cuda"), Lead("cuda", most=2)
    y = x @ x
    done = [torch.cuda.Event() for _ in range(20)]
    for event in done:
        y = x @ x
        event.record()
        lead.step()
    assert y.shape == x.shape
    assert all(event.query() for event in done[:18])


def test_a_call_is_timed_without_a_thread_beside_it():
    threads = []

    def call():
        threads.append(threading.active_count())
        time.sleep(0.01)

    before = threading.active_count()
    assert 0.01 <= seconds_of(call) < 0.1
    assert threads == [before]
