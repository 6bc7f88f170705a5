"""Least squares that diverge."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.potentials.classical.least_squares import multistart_least_squares


def test_a_fit_that_is_nowhere_finite_says_so():
    nowhere = lambda x: np.full(3, np.nan)
    with pytest.raises(FloatingPointError, match="diverged"):
        multistart_least_squares(
            nowhere, lambda x: np.ones((3, 1)), [np.ones(1)], (np.zeros(1), np.full(1, 2.0)), 5
        )
