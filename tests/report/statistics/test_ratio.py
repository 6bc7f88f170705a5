"""Ratios of errors on two groups."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.harness.error_sums import ErrorSums
from mlffbench.report.statistics.ratio import error_ratio
from mlffbench.report.statistics.samples import ErrorSample, over_clusters


def sample(factor, seed, n=200):
    errors = factor * np.random.default_rng(seed).uniform(-1, 1, size=n)
    return ErrorSample.of_sums([ErrorSums.of(errors, range(n))], "rmse")


def test_relative_variances_add():
    outside, inside = sample(3.0, 1), sample(1.0, 2)
    ratio = error_ratio(outside, inside)
    assert ratio.value == pytest.approx(outside.value / inside.value)
    widths = [np.log(one.high / one.low) for one in map(over_clusters, (outside, inside))]
    assert np.log(ratio.high / ratio.low) == pytest.approx(np.hypot(*widths), rel=0.01)
    assert ratio.low * ratio.high == pytest.approx(ratio.value**2)


def test_no_interval_on_a_path():
    path = ErrorSample(np.array([2.0]), reason="dihedral is a path of 25 points, no sample")
    ratio = error_ratio(path, sample(1.0, 2))
    assert ratio.value > 0
    assert np.isnan(ratio.low)
    assert ratio.reason == "dihedral is a path of 25 points, no sample"


def test_floor_of_zero_has_no_ratio():
    zero = ErrorSample.of_sums([ErrorSums.of(np.zeros(10), range(10))], "rmse")
    assert np.isnan(error_ratio(sample(1.0, 0), zero).value)
