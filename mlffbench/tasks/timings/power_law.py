"""Power law of times over sizes: t = a Nᵇ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["FEWEST", "PowerLaw", "fit_power_law"]

CLOSE, FARTHEST = 0.1, 0.25  # largest |ln t − ln(a Nᵇ)| of a size on the law: beside 2σ of its own; with it
FEWEST = 3  # sizes
FLOOR = 0.02  # of the relative spread of a time: no clock of a shared machine is better


@dataclass(frozen=True)
class PowerLaw:
    """t = a Nᵇ, between the least and the most atoms N.

    Attributes
    ----------
    prefactor : float
        a, s.
    exponent, exponent_error : float
        b and its standard error.
    least, most : int
    """

    prefactor: float
    exponent: float
    exponent_error: float
    least: int
    most: int


def fit_power_law(
    atoms: Sequence[int], seconds: Sequence[float], spreads: Sequence[float]
) -> PowerLaw | None:
    """Fit ln t = ln a + b ln N by weighted least squares to the largest sizes that obey it.

    The weights are 1/(σ² + 0.02²), with the relative spread σ of each time. The smallest sizes, whose times
    are those of calls and launches, are left out one by one until every size lies within 10 % + 2σ of the
    law, 25 % at most. None if fewer than three are left.

    Parameters
    ----------
    atoms : sequence of int
        Sizes, ascending.
    seconds, spreads : sequences of float
        Medians of the times, and their standard deviations divided by the medians.
    """
    x, y = np.log(np.asarray(atoms, dtype=float)), np.log(np.asarray(seconds, dtype=float))
    weights = 1 / np.hypot(spreads, FLOOR)
    for first in range(len(x) - FEWEST + 1):
        (b, log_a), covariance = _line(x[first:], y[first:], weights[first:])
        residuals = y[first:] - (log_a + b * x[first:])
        if np.all(np.abs(residuals) <= np.minimum(CLOSE + 2 * np.asarray(spreads[first:]), FARTHEST)):
            return PowerLaw(
                float(np.exp(log_a)), float(b), float(np.sqrt(covariance[0, 0])), atoms[first], atoms[-1]
            )
    return None


def _line(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope and intercept of a weighted line, and their covariance from the residuals."""
    A = weights[:, None] * np.stack([x, np.ones_like(x)], axis=1)
    coefficients, *_ = np.linalg.lstsq(A, weights * y, rcond=None)
    residuals = weights * y - A @ coefficients
    variance = residuals @ residuals / max(len(x) - 2, 1)
    return coefficients, np.linalg.inv(A.T @ A) * max(variance, 1.0)
