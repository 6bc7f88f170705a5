"""Paired comparisons: by hand, verdicts, size."""

from __future__ import annotations

import numpy as np
import pytest
from example_welch import combined
from scipy.stats import ttest_1samp, ttest_rel

from mlffbench.harness.error_sums import ErrorSums
from mlffbench.report.statistics.paired import compare, paired
from mlffbench.report.statistics.ranks import better_than
from mlffbench.report.statistics.samples import ErrorSample


def test_mean_absolute_errors_of_single_frames_are_a_paired_t_test():
    """The jackknife of a mean is s²/n: scipy's t-tests, of the linear part of R and of the difference."""
    rng = np.random.default_rng(0)
    a = rng.uniform(1, 2, size=40)
    b = a + rng.uniform(-0.3, 0.5, size=40)
    ours, of_difference = paired(a, b, range(40), "mae"), ttest_rel(a, b)
    total = a.mean() + b.mean()
    relative = (a.mean() - b.mean()) / total + 2 * (a * b.mean() - b * a.mean()) / total**2
    theirs = combined(of_difference.pvalue, ttest_1samp(relative, 0.0).pvalue)
    assert ours.p_value == pytest.approx(theirs, rel=0.05)
    interval = of_difference.confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high))
    assert ours.p_better == pytest.approx(1 - ours.p_value / 2 if ours.difference < 0 else ours.p_value / 2)


def test_clusters_that_are_hard_for_all_methods_hide_no_difference():
    """Errors sixty times those of another in each of 6 clusters: certain, though the clusters are unlike."""
    rng = np.random.default_rng(6)
    hardness = np.repeat(np.exp(1.0 * rng.normal(size=6)), 4)
    a, b = (factor * hardness * rng.uniform(0.9, 1.1, size=24) for factor in (1.0, 60.0))
    result = paired(a, b, np.repeat(np.arange(6), 4))
    assert result.verdict == "better"
    assert result.p_value < 1e-4
    assert result.low < result.difference < result.high <= 0


def test_an_error_of_zero_is_better_than_any_and_equal_to_itself():
    errors = np.random.default_rng(7).normal(size=40)
    exact = np.zeros(40)
    assert paired(exact, errors, range(40)).verdict == "better"
    assert paired(errors, exact, range(40)).p_better < 1e-6
    assert paired(exact, exact, range(40)).p_value == 1


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


def test_a_smaller_error_that_is_uncertain_hides_no_difference():
    """Its largest cluster is half of it, and nothing of what the other has more."""
    rng = np.random.default_rng(13)
    a = np.where(np.arange(30) == 7, 5.0, 1.0) * rng.uniform(0.9, 1.1, size=30)
    b = 40.0 * np.exp(0.3 * rng.normal(size=30))
    assert paired(a, b, range(30)).p_value < 1e-5


def test_the_interval_ends_at_0_where_the_test_contradicts_it():
    rng = np.random.default_rng(8)
    ends = []
    for _ in range(200):
        a, b = (np.exp(rng.normal(size=12)) for _ in range(2))
        result = paired(a, 1.5 * b, range(12))
        ends += [result.low, result.high]
        assert (result.verdict == "not told apart") == (result.p_value > 0.05)
        if result.p_value > 0.05:
            assert result.low <= 0 <= result.high
        else:
            assert not result.low < 0 < result.high
        assert result.low <= result.difference <= result.high
    assert 0.0 in ends


def seeded(errors, factors, seeds=()):
    """Sample of seeds that are all tested on the same frames, with errors times these factors."""
    sums = [ErrorSums.of(factor * errors, np.arange(len(errors))) for factor in factors]
    return ErrorSample.of_sums(sums, "rmse", seeds=seeds)


def test_seeds_of_many_methods_tell_of_each_other():
    """Three seeds alone know their spread badly; those of ten methods that spread alike know it better."""
    rng = np.random.default_rng(9)
    errors = rng.normal(size=300)
    two = [seeded(errors, factor * np.exp(0.05 * rng.normal(size=3))) for factor in (1.0, 1.5)]
    others = [seeded(errors, 3.0 * np.exp(0.05 * rng.normal(size=3))) for _ in range(8)]
    alone, together = (compare(samples).p_value[0, 1] for samples in (two, [*two, *others]))
    assert together < 1e-3 < alone < 0.2


def test_one_method_that_is_moody_takes_no_certainty_from_the_others():
    rng = np.random.default_rng(10)
    errors = rng.normal(size=300)
    steady = [seeded(errors, f * np.exp(0.02 * rng.normal(size=3))) for f in (1.0, 1.3, 1.3, 1.3, 1.3)]
    moody = seeded(errors, (1.0, 3.0, 9.0))
    compared = compare([*steady, moody])
    assert (compared.p_value[0, 1:5] < 0.05).all()
    assert compared.p_value[0, 5] > 0.05


def test_seeds_that_differ_alike_are_compared_one_by_one():
    """Training sets that are easy or hard for both: the seeds of a pair move together."""
    errors = np.random.default_rng(11).normal(size=300)
    luck = np.array([0.8, 1.2, 1.6])
    together = [seeded(errors, luck), seeded(errors, 1.1 * luck * [1.0, 1.01, 0.99])]
    apart = [together[0], seeded(errors, 1.1 * luck * [1.0, 1.01, 0.99], seeds=(7, 8, 9))]
    assert compare(together).p_value[0, 1] < 0.02
    assert compare(apart).p_value[0, 1] > 0.5


@pytest.mark.parametrize("unlike", [0.0, 1.0])
def test_equal_methods_of_three_seeds_are_seldom_ranked_apart(unlike):
    """Among eight, of 300 repeats 5 % at most, give or take three standard errors."""
    rng, hits = np.random.default_rng(12), 0
    errors = rng.normal(size=400)
    for _ in range(300):
        spread = 0.05 * np.exp(unlike * rng.normal(size=8))
        methods = [seeded(errors, np.exp(s * rng.normal(size=3) - s**2 / 2)) for s in spread]
        compared = compare(methods)
        hits += better_than(compared.difference, compared.p_value).any()
    assert hits / 300 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


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
