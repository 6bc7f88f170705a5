"""Means over seeds and their intervals, computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.report.statistics.estimates import over_seeds


def test_two_seeds_t_interval():
    """Mean 2, s = √2, t(0.975, 1) = 12.706: 2 ± 12.706, cut at 0."""
    estimate = over_seeds([1.0, 3.0], [0.9, 2.9], [1.1, 3.1])
    assert estimate.value == 2
    assert (estimate.low, estimate.high) == (0, pytest.approx(2 + 12.7062, abs=1e-3))
    assert estimate.interval == "seeds"


def test_deterministic_method_keeps_the_uncertainty_of_its_test_frames():
    assert over_seeds([2.0, 2.0, 2.0], [1.8] * 3, [2.3] * 3)[:4] == pytest.approx(
        (2.0, 1.8, 2.3, "test frames")
    )


def test_diverged_seed_is_not_averaged_away():
    estimate = over_seeds([1.0, float("inf")], [0.9, np.nan], [1.1, np.nan])
    assert estimate.value == np.inf
    assert estimate.interval == "none"
