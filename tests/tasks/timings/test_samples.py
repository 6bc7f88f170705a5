"""Samples of sleeps of known length."""

from __future__ import annotations

import time

import pytest

from mlffbench.tasks.timings.samples import Samples, take_samples


def test_sleeps_come_back():
    first = iter([0.05])
    slow = lambda: time.sleep(next(first, 0.004))
    samples = take_samples({"slow": slow, "fast": lambda: time.sleep(0.001)}, "cpu", least=5, seconds=0.0)
    assert len(samples["slow"].seconds) == 5
    assert samples["slow"].warm_up[0] >= 0.05, "the first call is no sample"
    assert min(samples["slow"].seconds) == pytest.approx(0.004, abs=0.003)
    assert samples["fast"].median < samples["slow"].median


def test_more_samples_are_taken_while_there_is_time():
    calls = []
    samples = take_samples({"instant": lambda: calls.append(1)}, "cpu", least=2, seconds=60.0)
    assert len(samples["instant"].seconds) == 25
    assert len(calls) == 26


def test_quartiles_and_the_time_beyond_them():
    samples = Samples((9.0,), (1.0, 2.0, 3.0, 4.0, 5.0))
    assert (samples.median, samples.quartiles) == (3.0, (2.0, 4.0))
    assert samples.beyond_median == 6.0
    assert Samples((1.0,), (2.0,)).beyond_median == 0.0
