"""Energies along a path: aligned curves and what they get wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mlffbench.report.dataframes.scores import number
from mlffbench.report.results import Document, problems

__all__ = ["Curve", "aligned", "profile_errors"]

COLUMNS = [
    "problem",
    "method",
    "profile",
    "reference highest point (meV)",
    "highest point (meV)",
    "highest point error (meV)",
    "profile RMSE (meV)",
]


class Curve(NamedTuple):
    """Two energy curves along a coordinate, meV, both zero where the reference has its minimum."""

    coordinate: np.ndarray
    reference: np.ndarray
    predicted: np.ndarray
    label: str


def aligned(profile: Mapping[str, Any]) -> Curve | None:
    """A document's profile, shifted; None where it has no usable point.

    Each curve is taken relative to its own energy at the point where the *reference* is lowest. Barriers can
    then be read off directly, and a hole that a method digs elsewhere shows as a negative energy instead of
    moving the rest.
    """
    raw = (profile.get("coordinate"), profile.get("energy_true"), profile.get("energy_predicted"))
    columns = [[number(v) for v in values or []] for values in raw]
    n = min(len(values) for values in columns)
    x, true, predicted = (np.array(values[:n]) for values in columns)
    usable = np.isfinite(x) & np.isfinite(true)
    if not usable.any():
        return None
    order = np.argsort(x[usable], kind="stable")
    x, true, predicted = x[usable][order], true[usable][order], predicted[usable][order]
    predicted[~np.isfinite(predicted)] = np.nan  # inf − inf would warn and mean no more
    at = int(np.argmin(true))
    return Curve(
        x,
        1000 * (true - true[at]),
        1000 * (predicted - predicted[at]),
        str(profile.get("label") or "coordinate"),
    )


def profile_errors(documents: Iterable[Document]) -> pd.DataFrame:
    """One row a problem, method and profile, from the first seed: the highest point and the curve's RMSE."""
    rows = []
    for problem in problems(documents):
        for method in problem.methods:
            for name, profile in (method.done[0].get("profiles") or {}).items() if method.done else ():
                if curve := aligned(profile):
                    rows.append([problem.name, method.label, name, *_errors(curve)])
    return pd.DataFrame(rows, columns=COLUMNS)


def _errors(curve: Curve) -> list[float]:
    true, predicted = float(np.max(curve.reference)), float(np.max(curve.predicted))
    rmse = float(np.sqrt(np.mean((curve.predicted - curve.reference) ** 2)))
    return [true, predicted, predicted - true, rmse]
