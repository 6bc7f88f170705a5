"""Bounded nonlinear least squares for the parameters k, r0, V, ε, R, q, from the reduced design matrix."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.sparse import diags_array

from mlffbench.potentials.gaff.coefficients import coefficient_curvature, coefficient_slopes, coefficients
from mlffbench.potentials.gaff.unknowns import Problem, Unknowns
from mlffbench.potentials.regression.levenberg_marquardt import bounded_least_squares

__all__ = ["solve"]

DAMPINGS = (1e-5, 1e-3)  # of the first step; a long and a short one can end in different minima


def solve(
    problem: Problem, start: Mapping[str, np.ndarray], alpha: float, steps: int
) -> tuple[dict, float, bool]:
    """The blocks of z, the loss without prior, and True for a minimum: the lower that two dampings end in."""
    unknowns = Unknowns.of(problem)
    low, high, width = (unknowns.column(number) for number in (0, 1, 3))
    guess, centre = _guess_and_centre(unknowns, start)
    R, target = problem.triangle[:, :-1], problem.triangle[:, -1]
    gram = R.T @ R

    def residual(y: np.ndarray) -> np.ndarray:
        errors = R @ coefficients(centre + width * y, unknowns, problem) - target
        return np.concatenate([errors, np.sqrt(alpha) * y])

    def normal_equations(y: np.ndarray, f: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slopes = coefficient_slopes(centre + width * y, unknowns, problem) @ diags_array(width)
        hessian = slopes.T @ (gram @ slopes)
        hessian[np.diag_indices_from(hessian)] += alpha
        return slopes.T @ (R.T @ f[: len(target)]) + alpha * y, hessian

    def curvature(y: np.ndarray, f: np.ndarray) -> np.ndarray:
        weights = R.T @ f[: len(target)]
        return width[:, None] * coefficient_curvature(centre + width * y, unknowns, problem, weights) * width

    bounds = (low - centre) / width, (high - centre) / width
    inside = (np.clip(guess, low + 1e-6, high - 1e-6) - centre) / width
    minima = [
        bounded_least_squares(residual, normal_equations, curvature, inside, bounds, 1e-9, steps, damping)
        for damping in DAMPINGS
    ]
    y, converged = min(minima, key=lambda minimum: float(np.sum(residual(minimum[0]) ** 2)))
    loss = float(np.sum(residual(y)[: len(target)] ** 2))
    return unknowns.split(centre + width * y), loss, converged


def _guess_and_centre(unknowns: Unknowns, start: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Start of the fit, and centre of the prior: of the radii it is their start."""
    centre = unknowns.column(2)
    guess = centre.copy()
    for name, part in unknowns.split(guess).items():
        part[:] = start.get(name, part)
    radii = unknowns.split(centre)["vdw_radius"]
    radii[:] = start.get("vdw_radius", radii)
    return guess, centre
