"""Spreads of errors that are known by an interval alone."""

from __future__ import annotations

import numpy as np
import pytest
from example_welch import welch_p_value

from mlffbench.report.statistics.estimates import t_interval
from mlffbench.report.statistics.paired import compare
from mlffbench.report.statistics.samples import ErrorSample, interval_spread


def test_the_spread_behind_an_interval():
    """s²/S with S − 1 degrees of freedom behind a t-interval over S seeds, σ² behind ± 1.96 σ."""
    low, high = t_interval([1.0, 1.4])
    assert interval_spread((high - low) / 2, 1.0)[:2] == pytest.approx((0.04, 1.0))
    assert interval_spread(1.959964).variance == pytest.approx(1.0, rel=1e-5)


def test_errors_with_intervals_over_a_few_seeds_are_compared_by_the_t_test_of_welch():
    sides = ([0.62, 0.64], [0.20, 0.22, 0.27])
    samples = [
        ErrorSample(np.array([np.mean(own)]), low=t_interval(own)[0], high=t_interval(own)[1],
                    freedom=len(own) - 1.0)
        for own in sides
    ]  # fmt: skip
    result = compare(samples).pair(0, 1)
    assert result.p_value == pytest.approx(welch_p_value(*sides))
