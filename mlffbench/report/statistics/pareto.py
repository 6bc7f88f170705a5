"""Pareto fronts of cost and error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["pareto_front"]


def pareto_front(cost: Sequence[float], error: Sequence[float]) -> list[bool]:
    """Mark the Pareto-optimal points: no other point is at least as good in both numbers and better in one.

    Points that are not finite are False.

    Examples
    --------
    >>> pareto_front([1.0, 2.0, 3.0], [5.0, 6.0, 1.0])
    [True, False, True]
    """
    points = np.column_stack([cost, error]).astype(float).reshape(-1, 2)
    finite = np.isfinite(points).all(axis=1)
    dominated = [bool(((points <= p).all(axis=1) & (points < p).any(axis=1)).any()) for p in points]
    return [bool(f) and not d for f, d in zip(finite, dominated, strict=True)]
