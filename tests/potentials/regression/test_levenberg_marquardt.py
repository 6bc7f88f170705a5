"""Bounded least squares from normal equations: the same minima as scipy's trust-region method."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from mlffbench.potentials.regression.levenberg_marquardt import bounded_least_squares

ROSENBROCK_START = np.array([-1.2, 1.0])


def rosenbrock(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def slopes(x):
    return np.array([[-20 * x[0], 10.0], [-1.0, 0.0]])


def normal(x, f):
    return slopes(x).T @ f, slopes(x).T @ slopes(x)


@pytest.mark.parametrize("high", [5.0, 0.5])
def test_minimum_of_rosenbrocks_function_inside_and_at_a_bound(high):
    bounds = np.full(2, -5.0), np.array([high, 5.0])
    x = bounded_least_squares(rosenbrock, normal, ROSENBROCK_START, bounds, 1e-14, 500)
    true = least_squares(rosenbrock, ROSENBROCK_START, slopes, bounds, xtol=1e-14, ftol=1e-14)
    np.testing.assert_allclose(x, true.x, atol=1e-5)


def test_many_unknowns_at_their_bounds():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(60, 40)), rng.normal(size=60)
    bounds = np.full(40, -0.05), np.full(40, 0.1)
    x = bounded_least_squares(
        lambda x: a @ x - b, lambda x, f: (a.T @ f, a.T @ a), np.zeros(40), bounds, 1e-15, 300
    )
    true = least_squares(lambda x: a @ x - b, np.zeros(40), lambda x: a, bounds, ftol=1e-15, gtol=1e-12)
    assert ((bounds[0] <= x) & (x <= bounds[1])).all()
    assert (np.isclose(x, bounds[0]) | np.isclose(x, bounds[1])).any()
    assert np.sum((a @ x - b) ** 2) == pytest.approx(2 * true.cost, rel=1e-9)


def test_a_start_that_is_not_finite_is_refused():
    with pytest.raises(FloatingPointError, match="no finite start"):
        bounded_least_squares(lambda x: x * np.nan, normal, np.ones(2), (-np.ones(2), np.ones(2)), 1e-7, 9)
