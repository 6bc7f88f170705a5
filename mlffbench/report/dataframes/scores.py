"""The scores in three parts: errors on test groups and on the training part, and all that tasks measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.harness.documents.parts import TRAINING
from mlffbench.report.dataframes.records import records
from mlffbench.report.quantities.catalogue import known_quantity
from mlffbench.report.results import QUANTITIES, Results
from mlffbench.report.standing import sample_of
from mlffbench.report.statistics.ratio import error_ratio

__all__ = ["SHOWN", "axis_title", "group_errors", "task_scores", "training_errors"]

SHOWN = {  # errors that tables and figures show: names and units
    name: (QUANTITIES[name], known_quantity("", name, "rmse").shown_unit)
    for name in ("forces", "energy_per_atom")
}
KEYS = ["problem", "method", "test", "quantity"]
RATIO = ("ratio", "ratio_low", "ratio_high")
NUMBERS = ["value", "low", "high", *RATIO]


def axis_title(quantity: str, group: str | None = None) -> str:
    """``force RMSE (meV/Å)``, with the test group if one is given."""
    name, unit = SHOWN[quantity]
    return f"{name} RMSE {group} ({unit})" if group else f"{name} RMSE ({unit})"


def group_errors(results: Results) -> pd.DataFrame:
    """RMSE of the forces and of the energy per atom on every test group of every method.

    ratio = RMSE(group) / RMSE(in-domain group), both means over seeds; NaN where no group is in domain.

    Returns
    -------
    DataFrame
        One row a problem, method, test group and quantity of `SHOWN`, NaN where nothing was measured; columns
        problem, method, test, quantity, metric, value, low, high, unit, ratio; ratio_low and ratio_high, the
        95 % interval of the ratio (see `mlffbench.report.statistics.ratio`), and reason, why the error has no
        interval.
    """
    rmse = results.scores[(results.scores["metric"] == "rmse") & (results.scores["task"] == "")]
    measured = {tuple(score[key] for key in KEYS): score for score in records(rmse)}
    rows: list[dict[str, Any]] = []
    for problem, method in results.methods():
        for test in problem.tests if method.done else ():
            for quantity, (_, unit) in SHOWN.items():
                error = measured.get((problem.name, method.label, test, quantity), {})
                base = measured.get((problem.name, method.label, problem.in_domain, quantity), {})
                rows.append(
                    {
                        "problem": problem.name, "method": method.label, "test": test, "quantity": quantity,
                        "metric": "rmse", **{key: error.get(key, np.nan) for key in ("value", "low", "high")},
                        "unit": unit, **_ratio(results, error, base), "reason": error.get("reason", ""),
                    }
                )  # fmt: skip
    columns = [*KEYS, "metric", "value", "low", "high", "unit", *RATIO, "reason"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(NUMBERS, float))


def _ratio(results: Results, error: Mapping[Any, Any], base: Mapping[Any, Any]) -> dict[str, float]:
    """Ratio of two errors and its interval; 1 without an interval of an error to itself."""
    value, of = error.get("value", np.nan), base.get("value", np.nan)
    ratio = value / of if of > 0 and np.isfinite(of) else np.nan
    if error is base or not np.isfinite(ratio):
        return dict(zip(RATIO, (ratio, np.nan, np.nan), strict=True))
    found = error_ratio(sample_of(results, error), sample_of(results, base))
    return dict(zip(RATIO, (ratio, found.low, found.high), strict=True))


def training_errors(results: Results) -> pd.DataFrame:
    """RMSE of the forces and of the energy per atom on frames of the training part.

    Returns
    -------
    DataFrame
        One row a problem, method, part (``train``, ``validation``) and quantity of `SHOWN` that was measured;
        columns as of `group_errors` with part in place of test, without ratio.
    """
    scores = results.scores
    units = scores["quantity"].map({quantity: unit for quantity, (_, unit) in SHOWN.items()})
    rows = scores[(scores["task"] == TRAINING) & (scores["metric"] == "rmse") & (scores["unit"] == units)]
    columns = ["problem", "method", "part", "quantity", "metric", "value", "low", "high", "unit"]
    return rows.rename(columns={"test": "part"})[columns].reset_index(drop=True)


def task_scores(results: Results) -> pd.DataFrame:
    """The rows of `Results.scores` that are no error on a test group or on the training part."""
    tests = {problem.name: set(problem.tests) for problem in results.problems}
    on_group = [
        not score["task"] and score["quantity"] in QUANTITIES and score["test"] in tests[score["problem"]]
        for score in records(results.scores)
    ]
    others = ~np.array(on_group, dtype=bool) & (results.scores["task"] != TRAINING)
    return results.scores[others].reset_index(drop=True)
