"""Counts against tables of the exact interval and the rule of three."""

from __future__ import annotations

import pytest

from mlffbench.report.statistics.counts import count_interval, count_text


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
