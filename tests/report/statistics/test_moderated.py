"""Moderated variances: a prior that is known, extremes, size and power of the tests that use them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, kstest, t

from mlffbench.report.statistics.moderated import moderated


def drawn(rng, n, d, d0, prior):
    """Variances of d degrees of freedom, whose true values are d₀ s₀²/χ²(d₀)."""
    return d0 * prior / rng.chisquare(d0, n), np.full(n, float(d))


def test_the_prior_is_found():
    rng = np.random.default_rng(0)
    true, d = drawn(rng, 20_000, 3, 6.0, 0.25)
    _, freedoms = moderated(true * rng.chisquare(3, len(true)) / 3, d)
    assert freedoms == pytest.approx(9.0, rel=0.05)
    s2 = np.array([*true[:2000] * rng.chisquare(3, 2000) / 3])
    variances, freedoms = moderated(s2, d[:2000])
    d0 = freedoms[0] - 3
    prior = (variances[0] * freedoms[0] - 3 * s2[0]) / d0
    assert prior == pytest.approx(0.25, rel=0.1)


def test_moderated_t_statistics_have_the_distribution_of_student():
    """Of means over 3 values, whose variances differ from method to method: Smyth's section 5."""
    rng = np.random.default_rng(1)
    true, d = drawn(rng, 3000, 2, 4.0, 1.0)
    values = np.sqrt(true)[:, None] * rng.normal(size=(3000, 3))
    variances, freedoms = moderated(values.var(axis=1, ddof=1), d)
    statistics = values.mean(axis=1) / np.sqrt(variances / 3)
    assert kstest(t.cdf(statistics, freedoms), "uniform").pvalue > 0.01


def test_equal_variances_are_pooled():
    s2 = chi2.ppf((np.arange(20) + 0.5) / 20, 2) / 2  # no more unlike than chance makes them
    variances, freedoms = moderated(s2, np.full(20, 2.0), most=40.0)
    assert np.ptp(variances) < 0.1 * np.ptp(s2)
    assert freedoms == pytest.approx(40.0)
    _, half = moderated(s2, np.full(20, 2.0), most=40.0, weight=0.5)
    assert half == pytest.approx(2 + 19.0)


def test_what_tells_nothing_stays_as_it_is():
    s2, d = np.array([0.0, np.nan, np.inf, 1.0, 2.0]), np.full(5, 2.0)
    variances, freedoms = moderated(s2, d)
    np.testing.assert_array_equal(variances, s2)
    np.testing.assert_array_equal(freedoms, d)
    assert [len(own) for own in moderated(np.array([]), np.array([]))] == [0, 0]
