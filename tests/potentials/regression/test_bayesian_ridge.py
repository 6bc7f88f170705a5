"""Bayesian ridge from normal equations against scikit-learn's, which keeps all rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import BayesianRidge

from mlffbench.potentials.regression.bayesian_ridge import NormalEquations, bayesian_ridge


def problem(noise=0.3):
    """Rows of length-one columns, their targets, and the coefficients that made them."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 12)) @ rng.normal(size=(12, 12))
    rows /= np.linalg.norm(rows, axis=0)
    beta = 3 * rng.normal(size=12)
    return rows, rows @ beta + noise * rng.normal(size=400), beta


def equations(rows, targets, blocks=1):
    total = NormalEquations(rows.shape[1])
    for x, y in zip(np.array_split(rows, blocks), np.array_split(targets, blocks), strict=True):
        total.add(x, y)
    return total


def test_it_is_scikit_learns_with_flat_priors_of_noise_and_width():
    rows, targets, _ = problem()
    flat = dict.fromkeys(("alpha_1", "alpha_2", "lambda_1", "lambda_2"), 0.0)
    theirs = BayesianRidge(fit_intercept=False, max_iter=10_000, tol=1e-10, **flat).fit(rows, targets)
    ours = bayesian_ridge(equations(rows, targets, blocks=7))
    assert ours.penalty == pytest.approx(theirs.lambda_ / theirs.alpha_, rel=0.2)  # a flat maximum
    exact = bayesian_ridge(equations(rows, targets), theirs.lambda_ / theirs.alpha_)
    np.testing.assert_allclose(exact.coefficients, theirs.coef_, rtol=1e-5)
    deviations = np.sqrt(np.einsum("ij,jk,ik->i", rows, theirs.sigma_, rows))
    np.testing.assert_allclose(exact.deviations(rows), deviations, rtol=0.01)
    expected = (np.sum((targets - rows @ theirs.coef_) ** 2) + exact.penalty * np.sum(theirs.coef_**2)) / 400
    assert exact.noise**2 == pytest.approx(expected, rel=1e-6)


def test_units_of_columns_do_not_matter():
    rows, targets, _ = problem()
    units = 10.0 ** np.arange(-6, 6)
    plain, scaled = bayesian_ridge(equations(rows, targets)), bayesian_ridge(equations(rows * units, targets))
    np.testing.assert_allclose(scaled.coefficients * units, plain.coefficients, rtol=1e-8)
    np.testing.assert_allclose(scaled.deviations(rows * units), plain.deviations(rows), rtol=1e-8)


def test_exact_labels_columns_that_are_equal_or_empty_and_few_rows():
    rows, targets, beta = problem(noise=0.0)
    np.testing.assert_allclose(bayesian_ridge(equations(rows, targets)).coefficients, beta, rtol=1e-4)
    twice = np.column_stack([rows, rows[:, :1], np.zeros(len(rows))])
    ridge = bayesian_ridge(equations(twice, targets))
    np.testing.assert_allclose(twice @ ridge.coefficients, targets, atol=1e-4)
    assert ridge.coefficients[-1] == 0
    few = bayesian_ridge(equations(rows[:5], targets[:5]))
    assert np.abs(rows[:5] @ few.coefficients - targets[:5]).max() < 0.5 * np.abs(targets[:5]).max()


def test_the_state_of_the_equations_holds_all_of_them():
    rows, targets, _ = problem()
    half = equations(rows[:200], targets[:200], blocks=2)
    rest = NormalEquations.from_state(half.state())
    rest.add(rows[200:], targets[200:])
    whole = bayesian_ridge(equations(rows, targets))
    np.testing.assert_allclose(bayesian_ridge(rest).coefficients, whole.coefficients, rtol=1e-9)
    assert rest.count == 400
    assert half.count == 200
