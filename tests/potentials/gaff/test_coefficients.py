"""Coefficients of the bonded form: slopes and curvature are their derivatives."""

from __future__ import annotations

import numpy as np
import torch
from scipy.linalg import null_space

from mlffbench.potentials.gaff.coefficients import coefficient_curvature, coefficient_slopes, coefficients
from mlffbench.potentials.gaff.unknowns import Problem, Unknowns


def small_problem():
    counts = dict(bonds=2, angles=3, torsions=2, impropers=1, vdw=2, charges=3, offsets=3)
    pairs = torch.tensor([[0, 0], [0, 1], [1, 1]])
    charge_pairs = torch.tensor([[0, 0], [0, 2], [1, 2]])
    modes = torch.as_tensor(null_space(np.array([[1.0, 2.0, 1.0]])))
    return Problem(np.zeros((1, 1)), counts, 2, pairs, charge_pairs, modes)


def test_slopes_are_those_of_the_coefficients():
    problem = small_problem()
    unknowns = Unknowns.of(problem)
    z = np.random.default_rng(0).uniform(0.5, 1.5, sum(unknowns.sizes.values()))
    h = 1e-6
    columns = [
        (coefficients(z + h * e, unknowns, problem) - coefficients(z - h * e, unknowns, problem)) / (2 * h)
        for e in np.eye(len(z))
    ]
    slopes = coefficient_slopes(z, unknowns, problem).toarray()
    np.testing.assert_allclose(slopes, np.transpose(columns), rtol=1e-6, atol=1e-6)


def test_curvature_is_that_of_the_weighted_coefficients():
    problem = small_problem()
    unknowns = Unknowns.of(problem)
    rng = np.random.default_rng(1)
    z = rng.uniform(0.5, 1.5, sum(unknowns.sizes.values()))
    weights = rng.normal(size=len(coefficients(z, unknowns, problem)))
    gradient = lambda z: coefficient_slopes(z, unknowns, problem).T @ weights
    h = 1e-6
    columns = [(gradient(z + h * e) - gradient(z - h * e)) / (2 * h) for e in np.eye(len(z))]
    curvature = coefficient_curvature(z, unknowns, problem, weights)
    np.testing.assert_allclose(curvature, np.transpose(columns), rtol=1e-6, atol=1e-5)
