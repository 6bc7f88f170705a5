"""Survival curves against numbers worked out by hand."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from scipy.stats import binomtest

from mlffbench.properties.survival import survival
from mlffbench.tasks.md import md


def test_the_curve_is_that_of_kaplan_and_meier() -> None:
    """Of 5: death at 2, stopped at 3, death at 4, two live to 10: 4/5, then 4/5 · 2/3."""
    found = survival([2, 3, 4, 10, 10], [True, False, True, False, False], 10)
    np.testing.assert_allclose(found.times, [0, 2, 4, 10])
    np.testing.assert_allclose(found.alive, [1, 4 / 5, 8 / 15, 8 / 15])
    assert found.lifetime == pytest.approx(2 + 2 * 4 / 5 + 6 * 8 / 15)
    variance = (1.6 + 3.2) ** 2 / (5 * 4) + 3.2**2 / (3 * 2)
    assert found.lifetime_low == pytest.approx(found.lifetime - 1.959964 * np.sqrt(variance))
    assert found.share_low < 0.5 < found.share_high  # two of the four whose fate is known


def test_stopping_is_not_dying() -> None:
    none = survival([10, 10, 10, 4], [False] * 4, 10)
    assert (none.share, none.lifetime) == (1, 10)
    assert none.share_low == pytest.approx(0.025 ** (1 / 3))  # Clopper and Pearson, three of three
    assert none.lifetime_low == pytest.approx(10 * 0.025 ** (1 / 3))
    all_ = survival([1, 1, 1], [True] * 3, 10)
    assert (all_.share, all_.lifetime) == (0, 1)
    assert all_.share_high == pytest.approx(1 - 0.025 ** (1 / 3))
    assert all_.lifetime_high > 5
    with pytest.raises(ValueError, match="within 0 and 10"):
        survival([11], [False], 10)


def test_no_death_among_the_trajectories_of_md_bounds_the_share_that_dies() -> None:
    """Clopper and Pearson's bound of 95 % for 0 of 32: 1 − 0.05^(1/32) < 0.09, and two-sided 0.11."""
    n = inspect.signature(md).parameters["n_trajectories"].default
    estimate = survival([10.0] * n, [False] * n, 10)
    assert 1 - estimate.share_low == pytest.approx(1 - 0.025 ** (1 / n))
    assert 1 - estimate.share_low < 0.11
    assert binomtest(0, n, alternative="less").proportion_ci(0.95).high < 0.09
