"""Rank correlations against scipy's, residuals of ranks, all permutations; missing numbers and ties."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import permutation_test, rankdata, spearmanr

from mlffbench.report.statistics.rank_correlation import rank_correlation


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_one_block_is_spearmans_with_ties_and_infinities(rng):
    x = rng.normal(size=15)
    y = np.round(x + rng.normal(size=15))
    x[3] = np.inf
    found = rank_correlation(x, y)
    assert found.rho == pytest.approx(spearmanr(x, y).statistic)
    assert found.low < found.rho < found.high
    assert (found.n_units, found.n_blocks) == (15, 1)


def test_the_order_alone_counts(rng):
    x, y, z = rng.normal(size=(3, 12))
    assert rank_correlation(x, y, z) == rank_correlation(np.exp(x), y**3, 5 * z)
    assert rank_correlation(x, -y).rho == pytest.approx(-rank_correlation(x, y).rho)


def test_a_monotone_relation_is_certain_and_fixes_the_partial_correlation(rng):
    x, z = rng.normal(size=(2, 10))
    found = rank_correlation(x, np.exp(x), z)
    assert (found.rho, found.low, found.high, found.partial) == pytest.approx((1, 1, 1, 1))
    assert found.p_value <= 2e-4
    assert np.isnan(rank_correlation(x, z, np.exp(x)).partial), "x is fixed, nothing is left"


def test_the_partial_correlation_is_that_of_the_residuals_of_ranks(rng):
    z = rng.normal(size=30)
    x, y = z + rng.normal(size=(2, 30))
    ranks = [rankdata(values) for values in (x, y, z)]
    left = [r - np.polyval(np.polyfit(ranks[2], r, 1), ranks[2]) for r in ranks[:2]]
    found = rank_correlation(x, y, z)
    assert found.partial == pytest.approx(np.corrcoef(*left)[0, 1])
    assert abs(found.partial) < found.rho
    assert found.partial_low < found.partial < found.partial_high


def test_the_p_value_is_that_of_all_permutations(rng):
    x, y = rng.normal(size=(2, 6))
    exact = permutation_test((x,), lambda v: spearmanr(v, y).statistic, permutation_type="pairings")
    assert rank_correlation(x, y).p_value == pytest.approx(exact.pvalue, abs=0.02)


def test_without_a_relation_one_in_twenty_is_significant(rng):
    found = [rank_correlation(*rng.normal(size=(2, 8))) for _ in range(200)]
    assert 0.01 < np.mean([f.p_value <= 0.05 for f in found]) < 0.09
    assert np.mean([f.low <= 0 <= f.high for f in found]) > 0.88


def test_blocks_do_not_lend_each_other_their_differences():
    """Both numbers are larger in the second block, where as in the first they are opposed."""
    x = np.array([[1, 2, 3, 4, 5, 6.0], [11, 12, 13, 14, 15, 16.0]])
    assert spearmanr(x.ravel(), np.array([x[0][::-1], x[1][::-1]]).ravel()).statistic > 0
    found = rank_correlation(x, x[:, ::-1])
    assert found.rho == pytest.approx(-1)
    assert (found.n_units, found.n_blocks) == (6, 2)
    assert found == rank_correlation(10 * x + [[3], [-70]], x[:, ::-1])


def test_a_block_that_tells_nothing_apart_counts_for_nothing(rng):
    x, y = rng.normal(size=(2, 9))
    alone = rank_correlation(x, y)
    assert rank_correlation(np.array([x, x]), np.array([y, 0 * y])) == alone
    assert rank_correlation(np.array([x, rng.normal(size=9)]), np.array([y, np.full(9, np.nan)])) == alone


def test_missing_numbers_are_left_out(rng):
    x, y = rng.normal(size=(2, 9))
    holes = np.where(np.arange(9) < 2, np.nan, x)
    assert rank_correlation(holes, y).rho == pytest.approx(spearmanr(x[2:], y[2:]).statistic)
    assert rank_correlation(holes, y).n_units == 7


def test_few_units_or_equal_numbers_have_no_correlation(rng):
    x = rng.normal(size=8)
    assert np.isnan(rank_correlation(x[:4], x[:4])[:7]).all()
    assert np.isnan(rank_correlation(x, np.ones(8))[:7]).all()
    one_differs = rank_correlation(x, np.arange(8) == 7)
    assert np.isfinite(one_differs.rho)
    assert np.isnan([one_differs.low, one_differs.high]).all()
