"""Energy profiles along a path: predicted and reference curves on one zero, and the errors between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mlffbench.report.results import Results, number

__all__ = ["PROFILE_NUMBERS", "Curve", "aligned", "profile_errors"]

PROFILE_NUMBERS = ["reference_top", "top", "top_error", "rmse"]  # meV


class Curve(NamedTuple):
    """Two energy curves along a coordinate, meV, both zero where the reference has its minimum."""

    coordinate: np.ndarray
    reference: np.ndarray
    predicted: np.ndarray
    label: str


def aligned(profile: Mapping[str, Any]) -> Curve | None:
    """Shift a document's profile to a common zero; None without a finite reference energy.

    Each curve is taken relative to its own energy at the point where the *reference* is lowest. Barriers can
    then be read off directly, and a point that a method finds too stable has a negative energy; the rest of
    the curve does not move.
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
    lowest = int(np.argmin(true))
    return Curve(
        x,
        1000 * (true - true[lowest]),
        1000 * (predicted - predicted[lowest]),
        str(profile.get("label") or "coordinate"),
    )


def profile_errors(results: Results) -> pd.DataFrame:
    """One row a problem, method and profile of the first seed: highest points and RMSE of the curve, meV."""
    rows = [
        {"problem": problem.name, "method": method.label, "profile": name, **_errors(curve)}
        for problem, method in results.methods()
        for name, profile in ((method.done[0].get("profiles") or {}).items() if method.done else ())
        if (curve := aligned(profile))
    ]
    frame = pd.DataFrame(rows, columns=["problem", "method", "profile", *PROFILE_NUMBERS])
    return frame.astype(dict.fromkeys(PROFILE_NUMBERS, float))


def _errors(curve: Curve) -> dict[str, float]:
    reference, predicted = float(np.max(curve.reference)), float(np.max(curve.predicted))
    rmse = float(np.sqrt(np.mean((curve.predicted - curve.reference) ** 2)))
    return {"reference_top": reference, "top": predicted, "top_error": predicted - reference, "rmse": rmse}
