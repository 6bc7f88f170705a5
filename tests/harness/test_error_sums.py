"""Sums of errors by cluster and their jackknife, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstat

from mlffbench.harness.error_sums import ErrorSums, Spread, jackknife, merged, spread_of


def test_sums_give_the_metrics_and_those_without_each_cluster():
    sums = ErrorSums.of([1.0, -1.0, 2.0, 4.0], ["a", "a", "b", "c"])
    assert sums.value("rmse") == pytest.approx(np.sqrt(22 / 4))
    assert sums.value("mae") == pytest.approx(2.0)
    assert sums.without("mae").tolist() == pytest.approx([3.0, 2.0, 4 / 3])
    assert sums.without("rmse").tolist() == pytest.approx(np.sqrt([10, 6, 2]).tolist())
    with pytest.raises(ValueError, match="rmse and mae, not 'max_error'"):
        sums.value("max_error")


def test_seven_digits_survive_a_document():
    sums = ErrorSums.of(np.random.default_rng(0).normal(size=300), np.repeat(np.arange(30), 10))
    again = ErrorSums.from_json(sums.to_json())
    assert again.value("rmse") == pytest.approx(sums.value("rmse"), rel=1e-6)
    assert len(again) == 30


@pytest.mark.parametrize(
    "lists",
    [
        {"count": [1, 2], "squared": [1.0], "absolute": [1.0, 2.0]},
        {"count": [1], "squared": [-1.0], "absolute": [1.0]},
        {"count": [], "squared": [], "absolute": []},
        {},
    ],
)
def test_lists_that_are_no_sums(lists):
    with pytest.raises(ValueError, match="three lists of one length"):
        ErrorSums.from_json(lists)


def test_jackknife_of_a_mean_is_its_variance():
    x = np.random.default_rng(0).uniform(size=25)
    variance, freedom = jackknife((x.sum() - x) / 24)
    assert variance == pytest.approx(x.var(ddof=1) / 25)
    assert freedom == pytest.approx(24)  # a uniform sample has no excess kurtosis


def test_heavy_tails_cost_degrees_of_freedom():
    x = np.zeros(25)
    x[0] = 1.0
    _, freedom = jackknife((x.sum() - x) / 24)
    assert freedom == 2.0


def test_third_moment_of_a_mean_is_its_third_cumulant():
    x = np.random.default_rng(0).exponential(size=25)
    spread = spread_of((x.sum() - x) / 24)
    assert spread.variance == pytest.approx(kstat(x, 2) / 25)
    assert spread.third == pytest.approx(kstat(x, 3) / 25**2)


def test_skewness_moves_both_ends_up():
    """V = 1/4, μ₃ = 0.12 and many degrees of freedom: δ = 1.447 · 0.48, t √V = 0.98."""
    low, high = Spread(0.25, 1e9, 0.12).ends()
    assert (low, high) == pytest.approx((0.6946 - 0.97998, 0.6946 + 0.97998), abs=1e-4)
    assert Spread(0.25, 1e9, -0.12).ends() == pytest.approx((-0.97998, 0.97998), abs=1e-4)
    assert Spread(0.0, 4.0).ends() == (0.0, 0.0)


def test_neighbours_are_put_together():
    assert merged(np.arange(7)).tolist() == list(range(7))
    many = merged(np.arange(250))
    assert np.unique(many).tolist() == list(range(100))
    assert (np.diff(many) >= 0).all()
