"""Counts against tables of the exact interval and the rule of three."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.report.quantities.catalogue import find_quantity
from mlffbench.report.statistics.counts import count_interval, count_text, counted_text, effective_trials


def test_exact_interval():
    """``proportion_confint(4, 20, method="beta")`` of statsmodels 0.15.0, and of 8 of 32."""
    assert count_interval(4, 20) == pytest.approx((0.05733399705003277, 0.4366140029966683))
    assert count_interval(8, 32) == pytest.approx((0.11461600510258818, 0.4340493749222428))


@pytest.mark.parametrize("n", [10, 32, 100])
def test_none_of_n_obeys_the_rule_of_three(n):
    low, high = count_interval(0, n)
    assert low == 0
    assert high < 3 / n < 1.2 * high
    assert count_interval(n, n) == pytest.approx((1 - high, 1.0))
    assert (1 - high) ** n == pytest.approx(0.05)  # the chance to see none


def test_words():
    assert count_text(0, 32) == "0 of 32 (≤ 0.09)"
    assert count_text(32, 32) == "32 of 32 (≥ 0.91)"


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, 0)])
def test_no_count(k, n):
    with pytest.raises(ValueError, match="is no count"):
        count_interval(k, n)


@pytest.mark.parametrize(
    ("names", "value", "trials", "seeds", "text"),
    [
        (("md", "failures", "share"), 0.25, 8.0, 1, "2 of 8 (0.03 to 0.65)"),
        (("md", "failures", "share"), 0.0, 12.0, 3, "0 of 12 (≤ 0.22, 3 seeds)"),
        (("structure_prediction", "ground_state", "missed"), 1 / 3, 3.0, 3, "1 of 3 (0.01 to 0.91, 3 seeds)"),
        (("properties", "wavenumbers", "imaginary"), 1.0, 21.0, 1, "1 of 21"),
        (("properties", "wavenumbers", "imaginary"), 1.0, float("nan"), 1, ""),  # an older document
        (("md", "failures", "share"), 0.3, 8.0, 1, ""),  # no whole number of them
        (("properties", "wavenumbers", "mae"), 1.0, 21.0, 1, ""),  # no count
    ],
)
def test_counts_of_tasks(names, value, trials, seeds, text):
    assert counted_text(find_quantity(*names), value, trials, seeds) == text


@pytest.mark.parametrize(
    ("shares", "n", "effective"),
    [
        ([0.25], 32, 32),
        ([0.25, 0.25, 0.25], 32, 96),  # no spread
        ([1, 0, 0], 32, 3),  # all trials of a model together: never less than the seeds
        ([1, 0, 0], 1, 3),
        ([0, 0, 0], 32, 48),  # spread unknown: half
        ([1, 1], 32, 32),
        ([0, 0], 1, 2),
        ([4 / 32, 8 / 32], 32, 7.655),  # s² = 1/128, r = 1.641, ν = 2.590, t(ν) = 3.487
    ],
)
def test_effective_trials_by_hand(shares, n, effective):
    assert effective_trials(shares, [n] * len(shares)) == pytest.approx(effective, rel=2e-3)


def test_interval_of_models_that_fail_together_is_that_of_the_models():
    entry = find_quantity("md", "failures", "share")
    effective = effective_trials([1, 0, 0], [32] * 3)
    assert counted_text(entry, 1 / 3, 96.0, 3, effective) == "32 of 96 (0.01 to 0.91, 3 seeds)"
    assert count_interval(1, 3) == pytest.approx((0.0084, 0.9057), abs=1e-4)


def covered(p, correlation, n_seeds=3, n=32, repeats=500):
    """Shares of beta-binomial counts whose intervals hold p: with the spread between seeds, and pooled."""
    rng = np.random.default_rng(0)
    size = 1 / correlation - 1 if correlation else 1e9
    counts = rng.binomial(n, rng.beta(size * p, size * (1 - p), (repeats, n_seeds)))
    hits = []
    for own in counts:
        share, most = own.mean() / n, n * n_seeds
        worth = [effective_trials(own / n, [n] * n_seeds), most]
        ends = (count_interval(share * number, number) for number in worth)
        hits.append([low <= p <= high for low, high in ends])
    return np.mean(hits, axis=0)


@pytest.mark.parametrize(("correlation", "least"), [(0.0, 0.95), (0.05, 0.95), (0.2, 0.90)])
def test_intervals_of_several_seeds_cover_the_truth(correlation, least):
    """`correlation`: of two trials of one model; pooled counts are right only without it."""
    with_spread, pooled = covered(0.3, correlation)
    assert with_spread >= least
    assert (pooled >= 0.95) == (correlation == 0)
