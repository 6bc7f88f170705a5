"""Bayesian ridge regression from normal equations: the evidence decides noise and prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, cholesky, solve_triangular
from scipy.linalg.blas import dsyrk
from scipy.optimize import minimize_scalar

__all__ = ["BayesianRidge", "NormalEquations", "bayesian_ridge"]

BOUNDS = (-30.0, 5.0)  # of log κ, where a column's own entry in the scaled normal matrix is 1
TOLERANCE = 0.1  # of log κ
LEAST = 1e-24  # share of yᵀy that the residual cannot be told from zero


class NormalEquations:
    """XᵀX, Xᵀy and yᵀy of a linear least-squares problem, summed block by block of rows.

    Attributes
    ----------
    gram : (n, n) array
        XᵀX, valid on and below the diagonal only.
    projection : (n,) array
        Xᵀy.
    square : float
        yᵀy.
    count : int
        Number of rows.
    """

    def __init__(self, size: int) -> None:
        self.gram = np.zeros((size, size), order="F")
        self.projection = np.zeros(size)
        self.square, self.count = 0.0, 0

    def add(self, rows: np.ndarray, targets: np.ndarray) -> None:
        """Add rows (r, n) of X and their targets (r,)."""
        block = np.ascontiguousarray(rows).T  # in Fortran's order, without a copy
        self.gram = dsyrk(1.0, block, 1.0, self.gram, lower=1, overwrite_c=1)
        self.projection += block @ targets
        self.square += float(targets @ targets)
        self.count += len(targets)

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that a model file stores."""
        lower = self.gram[np.tril_indices(len(self.gram))]
        scalars = {"square": self.square, "count": self.count}
        return {"lower": lower, "projection": self.projection, **scalars}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> NormalEquations:
        """Rebuild the equations from their state."""
        equations = cls(len(state["projection"]))
        equations.gram[np.tril_indices(len(equations.gram))] = state["lower"]
        equations.projection = np.array(state["projection"])
        equations.square, equations.count = float(state["square"]), int(state["count"])
        return equations


@dataclass(frozen=True)
class BayesianRidge:
    """Posterior of the coefficients: normal, with mean β and covariance σ² D⁻¹(S + κ)⁻¹D⁻¹.

    Attributes
    ----------
    coefficients : (n,) array
        β.
    noise : float
        σ, the standard deviation of the targets' noise.
    penalty : float
        κ: the prior of the scaled coefficients Dβ is normal with the variance σ²/κ.
    scale : (n,) array
        D² = diag XᵀX.
    factor : (n, n) array
        Lower Cholesky factor of S + κ, S = D⁻¹XᵀX D⁻¹.
    """

    coefficients: np.ndarray
    noise: float
    penalty: float
    scale: np.ndarray
    factor: np.ndarray

    def deviations(self, rows: np.ndarray) -> np.ndarray:
        """Standard deviations of xᵀβ, without the noise of targets; one for each row x of (r, n)."""
        whitened = solve_triangular(self.factor, (rows / self.scale).T, lower=True, check_finite=False)
        return self.noise * np.sqrt(np.einsum("ij,ij->j", whitened, whitened))


def bayesian_ridge(equations: NormalEquations, penalty: float | None = None) -> BayesianRidge:
    """Fit y = Xβ + noise, with the prior that maximises the evidence [1]_.

    ln p(y | κ) = −½ m ln σ² + ½ n ln κ − ½ ln |S + κ| + const., with the noise σ² = (yᵀy − βᵀXᵀy)/m of m rows
    that maximises it for a given κ. Columns are scaled to length one before, so that κ has no unit.

    Parameters
    ----------
    equations : NormalEquations
    penalty : float, optional
        κ; by default the best.

    References
    ----------
    .. [1] D. J. C. MacKay, Neural Comput. 4, 415 (1992).
    """
    scale = np.sqrt(equations.gram.diagonal())
    scale = np.where(scale > 0, scale, 1.0)
    scaled = equations.gram / scale / scale[:, None]
    projection = equations.projection / scale
    if penalty is None:
        lack = lambda log_penalty: -_log_evidence(scaled, projection, equations, float(np.exp(log_penalty)))
        best = minimize_scalar(lack, bounds=BOUNDS, method="bounded", options={"xatol": TOLERANCE})
        penalty = float(np.exp(best.x))
    factor = _factor(scaled, penalty)
    half = solve_triangular(factor, projection, lower=True)
    beta = solve_triangular(factor, half, lower=True, trans="T") / scale
    return BayesianRidge(beta, float(np.sqrt(_variance(half, equations))), penalty, scale, factor)


def _factor(scaled: np.ndarray, penalty: float) -> np.ndarray:
    """Cholesky factor of S + κ."""
    shifted = scaled.copy()
    shifted[np.diag_indices_from(shifted)] += penalty
    return cholesky(shifted, lower=True, overwrite_a=True, check_finite=False)


def _variance(half: np.ndarray, equations: NormalEquations) -> float:
    """σ² = (yᵀy − |L⁻¹D⁻¹Xᵀy|²)/m."""
    rest = equations.square - float(half @ half)
    return max(rest, LEAST * equations.square, np.finfo(float).tiny) / max(equations.count, 1)


def _log_evidence(
    scaled: np.ndarray, projection: np.ndarray, equations: NormalEquations, penalty: float
) -> float:
    try:
        factor = _factor(scaled, penalty)
    except LinAlgError:  # κ is smaller than the rounding of S
        return -np.inf
    half = solve_triangular(factor, projection, lower=True)
    fit = -0.5 * equations.count * np.log(_variance(half, equations))
    return float(fit + 0.5 * len(half) * np.log(penalty) - np.log(factor.diagonal()).sum())
