"""Paired comparisons: by hand, verdicts, size."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

from mlffbench.harness.error_sums import ErrorSums
from mlffbench.report.statistics.paired import compare, paired
from mlffbench.report.statistics.samples import ErrorSample


def test_mean_absolute_errors_of_single_frames_are_a_paired_t_test():
    """The jackknife of a mean is s²/n: scipy's ``ttest_rel`` where the differences have no heavy tails."""
    rng = np.random.default_rng(0)
    a = rng.uniform(1, 2, size=12)
    b = a + rng.uniform(-0.3, 0.5, size=12)
    ours, theirs = paired(a, b, range(12), "mae"), ttest_rel(a, b)
    interval = theirs.confidence_interval(0.95)
    assert ours.p_value == pytest.approx(theirs.pvalue)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high))
    assert ours.p_better == pytest.approx(1 - theirs.pvalue / 2 if ours.difference < 0 else theirs.pvalue / 2)


def test_verdicts():
    errors = np.random.default_rng(1).normal(size=60)
    clusters = np.repeat(np.arange(20), 3)
    assert paired(errors, 1.5 * errors, clusters).verdict == "better"
    assert paired(1.5 * errors, errors, clusters).verdict == "worse"
    assert paired(errors, 1.001 * errors, clusters, rope=0.005).verdict == "equivalent"
    assert paired(errors, np.random.default_rng(2).normal(size=60), clusters).verdict == "not told apart"
    assert paired(errors, errors, clusters).p_value == 1


def test_common_clusters_tell_apart_what_intervals_do_not():
    """Two methods whose errors move together: intervals overlap by far, the pairs do not."""
    rng = np.random.default_rng(3)
    hardness, clusters = np.exp(0.3 * rng.normal(size=40)), np.arange(40)
    a, b = hardness * 1.0, hardness * rng.uniform(1.02, 1.12, size=40)
    samples = [ErrorSample.of_sums([ErrorSums.of(e, clusters)], "rmse") for e in (a, b)]
    assert compare(samples).p_value[0, 1] < 1e-3
    other_frames = [samples[0], ErrorSample.of_sums([ErrorSums.of(b, clusters)], "rmse", keys=["others"])]
    apart = compare(other_frames)
    assert not apart.is_paired[0, 1]
    assert apart.p_value[0, 1] > 0.3


def test_seeds_that_disagree_are_not_told_apart():
    errors, clusters = np.random.default_rng(4).normal(size=200), np.arange(200)
    sums = lambda factor: ErrorSums.of(factor * errors, clusters)
    steady = ErrorSample.of_sums([sums(1.0)] * 3, "rmse")
    moody = ErrorSample.of_sums([sums(f) for f in (0.8, 1.2, 1.6)], "rmse")
    assert compare([steady, moody]).p_value[0, 1] > 0.1
    assert paired(errors, 1.2 * errors, clusters).p_value < 1e-6


def test_methods_without_intervals_cannot_be_compared():
    known = ErrorSample.of_sums([ErrorSums.of(np.arange(1.0, 9.0), range(8))], "rmse")
    compared = compare([known, ErrorSample(np.array([2.0]))])
    assert np.isnan(compared.p_value[0, 1])
    assert compare([]).p_value.shape == (0, 0)


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_the_interval_of_a_difference_holds_it(factor):
    """95 % of 400 intervals, give or take three standard errors, also where one error is much larger."""
    rng, hits = np.random.default_rng(1), 0
    clusters = np.repeat(np.arange(30), 4)
    for _ in range(400):
        a, b = (rng.normal(size=30)[clusters] + rng.normal(size=120) for _ in range(2))
        result = paired(a, factor * b, clusters)
        hits += result.low <= np.sqrt(2.0) * (1.0 - factor) <= result.high
    assert 0.917 <= hits / 400 <= 0.983


def test_size():
    """Of 400 comparisons of equal methods 5 % have p ≤ 0.05, give or take three standard errors."""
    rng, hits = np.random.default_rng(0), 0
    clusters = np.repeat(np.arange(15), 4)
    for _ in range(400):
        shared = rng.normal(size=60)
        a, b = (shared + 0.5 * rng.normal(size=15)[clusters] + rng.normal(size=60) for _ in range(2))
        hits += paired(a, b, clusters).p_value <= 0.05
    assert 0.017 <= hits / 400 <= 0.083
