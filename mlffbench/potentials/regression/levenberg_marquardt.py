"""Nonlinear least squares within bounds from normal equations, for a thousand unknowns and more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import cho_factor, cho_solve

__all__ = ["bounded_least_squares"]

DAMPING = 1e-5  # of the first step, in units of the largest diagonal element of the normal equations
LARGEST_DAMPING = 1e12
ACCEPTED = 1e-4  # share of the predicted decrease that a step must bring
GOOD = 0.25  # share of the predicted decrease above which the quadratic model may say that the fit is done
PASSES = 10  # bounds are met one set after the other, at most so often in a step


def bounded_least_squares(
    residual: Callable[[np.ndarray], np.ndarray],
    normal_equations: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    start: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    tolerance: float,
    max_evaluations: int,
) -> np.ndarray:
    """Minimise |f(x)|² within bounds by the projected Levenberg–Marquardt method.

    A step solves (JᵀJ + μ) p = −Jᵀf by Cholesky, without the unknowns that sit at a bound: n³/3 operations
    for n unknowns. The singular values of J in `scipy.optimize.least_squares` take some fifty times as many.

    Parameters
    ----------
    residual, normal_equations : callable
        f(x), (m,), and of x and f(x): Jᵀf, (n,), and JᵀJ, (n, n).
    start : (n,) array
        Within the bounds; the unknowns have comparable scales.
    bounds : two (n,) arrays
        Lowest and highest values.
    tolerance : float
        The fit ends where a step lowers |f|² by less than this share of it.
    max_evaluations : int
        Largest number of evaluations of f.

    Raises
    ------
    FloatingPointError
        f is not finite at the start.

    References
    ----------
    J. Nocedal and S. J. Wright, Numerical Optimization (Springer, 2006), chapter 10; C. Kanzow, N. Yamashita
    and M. Fukushima, J. Comput. Appl. Math. 172, 375 (2004) for the bounds; H. B. Nielsen, IMM-REP-1999-05
    (Technical University of Denmark, 1999) for the damping.
    """
    low, high = bounds
    x, f = start, residual(start)
    if not np.isfinite(f).all():
        raise FloatingPointError("the least-squares fit has no finite start; check labels and geometry")
    gradient, hessian = normal_equations(x, f)
    damping, growth = DAMPING * float(hessian.diagonal().max()), 2.0
    for _ in range(max_evaluations - 1):
        step = _bounded_step(gradient, hessian, damping, low - x, high - x)
        predicted = -float(2 * gradient @ step + step @ hessian @ step)
        trial = residual(x + step)
        before, after = float(f @ f), float(trial @ trial)
        ratio = (before - after) / predicted if predicted > 0 else -1.0
        if ratio > ACCEPTED:
            x, f = np.clip(x + step, low, high), trial
            if ratio > GOOD and before - after < tolerance * before:
                break
            gradient, hessian = normal_equations(x, f)
            damping, growth = damping * max(1 / 3, 1 - (2 * ratio - 1) ** 3), 2.0
        else:
            damping, growth = damping * growth, 2 * growth
            if damping > LARGEST_DAMPING * hessian.diagonal().max():
                break
    return x


def _bounded_step(
    gradient: np.ndarray, hessian: np.ndarray, damping: float, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Step of the damped quadratic model within bounds; unknowns that would cross theirs are held there."""
    step = np.zeros_like(gradient)
    free = ~(((low >= 0) & (gradient > 0)) | ((high <= 0) & (gradient < 0)))
    for _ in range(PASSES):
        matrix = hessian[np.ix_(free, free)]
        matrix[np.diag_indices_from(matrix)] += damping
        right = gradient[free] + hessian[np.ix_(free, ~free)] @ step[~free]
        step[free] = -_solve(matrix, right)
        outside = free & ((step < low) | (step > high))
        if not outside.any():
            break
        step = np.where(outside, np.clip(step, low, high), step)
        free &= ~outside
    return np.clip(step, low, high)


def _solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solution of a symmetric system; of least norm where rounding leaves the matrix indefinite."""
    try:
        return cho_solve(cho_factor(matrix, check_finite=False), right, check_finite=False)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(matrix, right, rcond=None)[0]
