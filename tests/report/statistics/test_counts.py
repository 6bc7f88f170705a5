"""Counts against tables of the exact interval and the rule of three."""

from __future__ import annotations

import pytest

from mlffbench.report.quantities.catalogue import find_quantity
from mlffbench.report.statistics.counts import count_interval, count_text, counted_text


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
        (("md", "failures", "share"), 0.0, 12.0, 3, "0 of 12 (≤ 0.22)"),
        (("structure_prediction", "ground_state", "missed"), 1 / 3, 3.0, 3, "1 of 3 (0.01 to 0.91)"),
        (("properties", "wavenumbers", "imaginary"), 1.0, 21.0, 1, "1 of 21"),
        (("properties", "wavenumbers", "imaginary"), 1.0, float("nan"), 1, ""),  # an older document
        (("md", "failures", "share"), 0.3, 8.0, 1, ""),  # no whole number of them
        (("properties", "wavenumbers", "mae"), 1.0, 21.0, 1, ""),  # no count
    ],
)
def test_counts_of_tasks(names, value, trials, seeds, text):
    assert counted_text(find_quantity(*names), value, trials, seeds) == text
