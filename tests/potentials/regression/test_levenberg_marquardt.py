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


def bend(x, f):
    return np.diag([-20 * f[0], 0.0])


@pytest.mark.parametrize("high", [5.0, 0.5])
def test_minimum_of_rosenbrocks_function_inside_and_at_a_bound(high):
    bounds = np.full(2, -5.0), np.array([high, 5.0])
    x, _ = bounded_least_squares(rosenbrock, normal, bend, ROSENBROCK_START, bounds, 1e-14, 500)
    true = least_squares(rosenbrock, ROSENBROCK_START, slopes, bounds, xtol=1e-14, ftol=1e-14)
    np.testing.assert_allclose(x, true.x, atol=1e-5)


def test_many_unknowns_at_their_bounds():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(60, 40)), rng.normal(size=60)
    bounds = np.full(40, -0.05), np.full(40, 0.1)
    normal_equations = lambda x, f: (a.T @ f, a.T @ a)
    flat = lambda x, f: np.zeros((40, 40))
    x, _ = bounded_least_squares(
        lambda x: a @ x - b, normal_equations, flat, np.zeros(40), bounds, 1e-15, 300
    )
    true = least_squares(lambda x: a @ x - b, np.zeros(40), lambda x: a, bounds, ftol=1e-15, gtol=1e-12)
    assert ((bounds[0] <= x) & (x <= bounds[1])).all()
    assert (np.isclose(x, bounds[0]) | np.isclose(x, bounds[1])).any()
    assert np.sum((a @ x - b) ** 2) == pytest.approx(2 * true.cost, rel=1e-9)


def test_a_start_that_is_not_finite_is_refused():
    with pytest.raises(FloatingPointError, match="no finite start"):
        bounded_least_squares(
            lambda x: x * np.nan, normal, bend, np.ones(2), (-np.ones(2), np.ones(2)), 1e-7, 9
        )


def test_large_residuals_in_a_curved_valley_need_few_steps():
    """x₁² + x₂ against targets that no point meets: without ∂²f it takes a hundred steps and more."""
    count = [0]

    def residual(x):
        count[0] += 1
        return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0], 20 * x[0] ** 2 + 20, x[1] - 30])

    jacobian = lambda x: np.array([[-20 * x[0], 10.0], [-1.0, 0.0], [40 * x[0], 0.0], [0.0, 1.0]])
    normal_equations = lambda x, f: (jacobian(x).T @ f, jacobian(x).T @ jacobian(x))
    curvature = lambda x, f: np.diag([-20 * f[0] + 40 * f[2], 0.0])
    bounds = np.full(2, -50.0), np.full(2, 50.0)
    x, _ = bounded_least_squares(
        residual, normal_equations, curvature, np.array([2.0, 3.0]), bounds, 1e-12, 500
    )
    steps = count[0]
    true = least_squares(residual, np.array([2.0, 3.0]), jacobian, bounds, xtol=1e-15, ftol=1e-15, gtol=1e-12)
    assert np.sum(residual(x) ** 2) <= 2 * true.cost * (1 + 1e-9)
    assert steps < 50  # 27 to 32, as the processor rounds
