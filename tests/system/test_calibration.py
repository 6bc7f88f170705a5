"""Rates of the machine: against the time of the same work, by a clock of its own."""

from __future__ import annotations

import time

import numpy as np
import pytest

from mlffbench.system import calibration
from mlffbench.system.calibration import calibrate


@pytest.fixture
def small(monkeypatch):
    for name, value in (("BYTES", {"cpu": 2**22}), ("ENOUGH", 0.01), ("WORTH", 1e-4), ("LAUNCHES", 50)):
        monkeypatch.setattr(calibration, name, value)


def least_seconds(work, n=20):
    times = []
    for _ in range(n):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def test_rates_are_those_of_the_same_work(small):
    import torch

    rates = calibrate()
    assert rates.library == "torch"
    a = torch.ones((256, 256), dtype=torch.float64)
    product = 2e-9 * 256**3 / least_seconds(lambda: a @ a)
    assert product / 4 < rates.matrix_product_float64 < 4 * product
    here = torch.ones(2**22, dtype=torch.uint8)
    there = torch.ones(2**22, dtype=torch.uint8)
    copy = 2e-9 * 2**22 / least_seconds(lambda: there.copy_(here))
    assert copy / 4 < rates.copy < 4 * copy
    number = torch.zeros(1)
    assert rates.launches < 4 / least_seconds(lambda: number.add_(1.0), 2000)
    assert rates.matrix_product_float32 > 0.5 * rates.matrix_product_float64


def test_numpy_is_measured_where_nothing_needs_torch(small, monkeypatch):
    monkeypatch.delitem(calibration.sys.modules, "torch")
    rates = calibrate()
    a = np.ones((256, 256))
    product = 2e-9 * 256**3 / least_seconds(lambda: a @ a)
    assert rates.library == "numpy"
    assert product / 4 < rates.matrix_product_float64 < 4 * product


@pytest.mark.gpu
def test_a_card_is_measured_and_waited_for():
    rates = calibrate("cuda")
    assert 1e3 < rates.matrix_product_float32 < 1e6, "10¹² to 10¹⁵ operations a second"
    assert 100 < rates.copy < 20_000
    assert 1e4 < rates.launches < 1e7
