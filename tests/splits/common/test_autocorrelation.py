"""The integrated autocorrelation time against AR(1) processes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from mlffbench.splits.common.autocorrelation import autocorrelation_time


def ar1(rho, n, seed):
    """x_t = ρ x_{t−1} + noise."""
    return lfilter([1.0], [1.0, -rho], np.random.default_rng(seed).normal(size=n))


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_the_autocorrelation_time_of_an_ar1_process(rho):
    truth = 0.5 * (1 + rho) / (1 - rho)
    found = [autocorrelation_time(ar1(rho, 20_000, seed)) for seed in range(4)]
    assert np.mean(found) == pytest.approx(truth, rel=0.1)


@pytest.mark.parametrize("series", [np.ones(9), np.full(9, -9391.1), [1.0, 2.0], np.tile([1.0, -1.0], 50)])
def test_a_series_without_memory_is_worth_its_frames(series):
    assert autocorrelation_time(np.asarray(series)) == 0.5
