"""Bounded nonlinear least squares from several starts, and tables by element."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from ase.data import chemical_symbols
from scipy.optimize import least_squares

from mlffbench.system import progress

__all__ = ["Fit", "element_kinds", "element_table", "multistart_least_squares"]


def element_table(values: Mapping[str, float]) -> torch.Tensor:
    """Tensor by atomic number of values given by chemical symbol; 0 for all other elements."""
    table = torch.zeros(len(chemical_symbols), dtype=torch.float64)
    for symbol, value in values.items():
        table[chemical_symbols.index(symbol)] = value
    return table


def element_kinds(*numbers: torch.Tensor) -> tuple[torch.Tensor, list[tuple[str, ...]]]:
    """Kind of each pair, numbered from 0, and the chemical symbols of the kinds that occur.

    `numbers` are the atomic numbers of the pairs' first atoms (p,), of their second atoms, ...
    """
    different, kinds = torch.unique(torch.stack(numbers, dim=1), dim=0, return_inverse=True)
    return kinds, [tuple(chemical_symbols[z] for z in row) for row in different.tolist()]


@dataclass(frozen=True)
class Fit:
    """Parameters of a fit, and why its optimiser ended: ``converged`` or ``iterations``."""

    values: np.ndarray
    stopped_by: str


def multistart_least_squares(
    residual: Callable[[np.ndarray], np.ndarray],
    jacobian: Callable[[np.ndarray], np.ndarray],
    starts: Sequence[np.ndarray],
    bounds: tuple[np.ndarray, np.ndarray],
    max_iterations: int,
) -> Fit:
    """Minimise |residual|² within bounds from each start (trust-region reflective); the best solution.

    Raises
    ------
    FloatingPointError
        No start leads to a finite solution.
    """
    low, high = bounds
    margin = 1e-6 * np.minimum(1.0, high - low)
    inside = [np.clip(start, low + margin, high - margin) for start in starts]
    finite = [x for x in inside if np.isfinite(residual(x)).all() and np.isfinite(jacobian(x)).all()]
    settings = {"bounds": bounds, "x_scale": "jac", "ftol": 1e-6, "max_nfev": max_iterations}
    fits = []
    for number, start in enumerate(finite):
        fits.append(least_squares(residual, start, jac=jacobian, **settings))
        progress.report("fit", number + 1, len(finite), loss=2 * fits[-1].cost)
    converged = [fit for fit in fits if np.isfinite(fit.cost) and np.isfinite(fit.x).all()]
    if not converged:
        raise FloatingPointError("the least-squares fit of the potential diverged; try a smaller cutoff")
    best = min(converged, key=lambda fit: fit.cost)
    return Fit(best.x, "converged" if best.status > 0 else "iterations")
