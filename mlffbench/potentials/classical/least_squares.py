"""Bounded nonlinear least squares from several starts, and lookup tables by element."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from ase.data import chemical_symbols
from scipy.optimize import least_squares

from mlffbench.system import progress

__all__ = ["element_table", "kinds_of", "refine"]


def element_table(values: Mapping[str, float]) -> torch.Tensor:
    """Numbers by chemical symbol as a tensor by atomic number; 0 where there is none."""
    table = torch.zeros(len(chemical_symbols), dtype=torch.float64)
    for symbol, value in values.items():
        table[chemical_symbols.index(symbol)] = value
    return table


def kinds_of(*numbers: torch.Tensor) -> tuple[torch.Tensor, list[tuple[str, ...]]]:
    """Index of each pair's (triple's ...) elements among those that occur, and these as symbols."""
    found, kinds = torch.unique(torch.stack(numbers, dim=1), dim=0, return_inverse=True)
    return kinds, [tuple(chemical_symbols[z] for z in row) for row in found.tolist()]


def refine(
    residual: Callable[[np.ndarray], np.ndarray],
    jacobian: Callable[[np.ndarray], np.ndarray],
    starts: Sequence[np.ndarray],
    bounds: tuple[np.ndarray, np.ndarray],
    max_iterations: int,
) -> np.ndarray:
    """The best end of bounded nonlinear least squares from each start (trust-region reflective).

    Raises
    ------
    FloatingPointError
        No start leads anywhere finite.
    """
    low, high = bounds
    margin = 1e-6 * np.minimum(1.0, high - low)
    inside = [np.clip(start, low + margin, high - margin) for start in starts]
    sound = [x for x in inside if np.isfinite(residual(x)).all() and np.isfinite(jacobian(x)).all()]
    settings = {"bounds": bounds, "x_scale": "jac", "ftol": 1e-6, "max_nfev": max_iterations}
    fits = []
    for number, start in enumerate(sound):
        fits.append(least_squares(residual, start, jac=jacobian, **settings))
        progress.report("fit", number + 1, len(sound), loss=2 * fits[-1].cost)
    found = [fit for fit in fits if np.isfinite(fit.cost) and np.isfinite(fit.x).all()]
    if not found:
        raise FloatingPointError("the least-squares fit of the potential diverged; try a smaller cutoff")
    return min(found, key=lambda fit: fit.cost).x
