"""The scores in three parts: errors on test groups and on the training part, and all that tasks measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlffbench.harness.documents.parts import TRAINING
from mlffbench.report.quantities.catalogue import known_quantity
from mlffbench.report.results import QUANTITIES, Results

__all__ = ["SHOWN", "axis_title", "group_errors", "task_scores", "training_errors"]

SHOWN = {  # errors that tables and figures show: names and units
    name: (QUANTITIES[name], known_quantity("", name, "rmse").shown_unit)
    for name in ("forces", "energy_per_atom")
}
KEYS = ["problem", "method", "test", "quantity"]
NUMBERS = ["value", "low", "high", "ratio"]


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
        problem, method, test, quantity, metric, value, low, high, unit, ratio.
    """
    rmse = results.scores[(results.scores["metric"] == "rmse") & (results.scores["task"] == "")]
    measured = {tuple(score[key] for key in KEYS): score for score in rmse.to_dict("records")}
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
                        "unit": unit, "ratio": _ratio(error.get("value", np.nan), base.get("value", np.nan)),
                    }
                )  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*KEYS, "metric", "value", "low", "high", "unit", "ratio"])
    return frame.astype(dict.fromkeys(NUMBERS, float))


def _ratio(value: float, base: float) -> float:
    return value / base if base > 0 and np.isfinite(base) else np.nan


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
        for score in results.scores.to_dict("records")
    ]
    others = ~np.array(on_group, dtype=bool) & (results.scores["task"] != TRAINING)
    return results.scores[others].reset_index(drop=True)
