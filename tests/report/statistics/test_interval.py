"""Intervals over clusters: by hand, and how often they hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstat, norm, t

from mlffbench.report.statistics.interval import interval


def test_mean_absolute_error_by_hand():
    """Five clusters of one frame, errors 1 to 5: θ₍g₎ = (15 − g)/4, and g₂ < 0, so that ν = 4."""
    estimate = interval([1.0, -2.0, 3.0, -4.0, 5.0], list("abcde"), "mae")
    logs = np.log((15 - np.arange(1, 6)) / 4)
    variance = 4 / 5 * np.sum((logs - logs.mean()) ** 2)
    factor = np.exp(t.ppf(0.975, 4) * np.sqrt(variance))
    third = kstat(-4 * logs, 3) / 5**2  # of the mean of the pseudo-values
    shift = np.exp((1 + 2 * norm.ppf(0.975) ** 2) / 6 * third / variance)
    assert estimate.value == pytest.approx(3.0)
    assert shift > 1
    assert (estimate.low, estimate.high) == pytest.approx((3 * shift / factor, 3 * shift * factor))


def test_frames_of_one_cluster_are_one_frame():
    """Every frame copied ten times: the interval stays, while that over frames shrinks."""
    errors = np.random.default_rng(0).normal(size=30)
    once, tenfold = interval(errors, range(30)), interval(np.repeat(errors, 10), np.repeat(range(30), 10))
    assert tenfold[:3] == pytest.approx(once[:3])
    frames = interval(np.repeat(errors, 10), range(300))
    assert frames.high - frames.low < 0.5 * (once.high - once.low)


def test_few_clusters_have_no_interval_but_a_reason():
    estimate = interval([1.0, 2.0, 3.0, 4.0], [0, 1, 2, 3])
    assert estimate.value == pytest.approx(np.sqrt(7.5))
    assert np.isnan([estimate.low, estimate.high]).all()
    assert estimate.reason == "fewer than 5 clusters of test frames"


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="3 errors but 2 names"):
        interval([1.0, 2.0, 3.0], [0, 1])


def test_a_cluster_that_holds_all_error_makes_the_interval_wide():
    even = interval(np.ones(20) + 0.1 * np.random.default_rng(0).normal(size=20), range(20))
    uneven = interval([10.0, *(0.1 + 0.001 * np.arange(19))], range(20))
    assert uneven.high / uneven.value > 2 > even.high / even.value


def hits(n, spread, repeats=4000):
    """Share of intervals that hold the truth: 5 frames a cluster, whose scales differ by `spread` in ln."""
    rng, clusters = np.random.default_rng(n), np.repeat(np.arange(n), 5)
    truth, n_hits = np.exp(spread**2), 0
    for _ in range(repeats):
        errors = np.sqrt(0.3) * rng.normal(size=n)[clusters] + np.sqrt(0.7) * rng.normal(size=5 * n)
        estimate = interval(np.exp(spread * rng.normal(size=n))[clusters] * errors, clusters)
        n_hits += estimate.low <= truth <= estimate.high
    return n_hits / repeats


@pytest.mark.parametrize(("n", "spread"), [(5, 0.0), (8, 0.0), (40, 0.0), (8, 0.2), (8, 0.4), (20, 0.4)])
def test_coverage(n, spread):
    """Of 4000 intervals 93 to 97 % hold the truth, give or take three standard errors of 0.4 and 0.27 %."""
    assert 0.93 - 0.012 <= hits(n, spread) <= 0.97 + 0.008
