"""The leaderboard as a report prints it, one row a problem and method."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlffbench.harness.documents.parts import TRAIN, VALIDATION
from mlffbench.report.dataframes.costs import COSTS
from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.problems import Method, Problem
from mlffbench.report.results import Results

__all__ = ["board"]

FIRST = ["problem", "rank", "best rank", "worst rank", "method", "tuned", "test"]
LAST = ["ignored labels", "fitted here", "seeds", "failed seeds", "status", "failure kind", "failure message"]
SHOWN_COSTS = ("fit_time", "tuning_time", "prediction_time", "peak_memory")
INTERVAL = ("value", "low", "high")


def board(results: Results) -> pd.DataFrame:
    """Ranks, errors on the reference group, worst transfer ratio and costs of every method.

    Columns problem, rank, best rank, worst rank, method, tuned (True: ranked apart, after a search of its
    hyperparameters), test (the reference group), ``force RMSE (meV/Å)``
    and ``energy RMSE (meV/atom)`` with their 95 % intervals in columns that end in low and high, and, where
    documents have them, errors on the frames of the fit in columns that end in train and validation; worst
    test, the largest of the first of these errors on a named test group (``worst force RMSE (meV/Å)``), and
    its worst ratio to the error in domain, costs, ignored labels (that the training frames had and the fit
    did not use), fitted here (False for a potential that existed already), seeds, failed seeds,
    status, failure.
    """
    frames = Frames.from_results(results)
    parts = [_of_problem(problem, frames.of_problem(problem.name)) for problem in results.problems]
    headers = {name: "{} ({})".format(*COSTS[name]) for name in SHOWN_COSTS}
    errors = [_header(quantity, column) for quantity in SHOWN for column in (*INTERVAL, TRAIN, VALIDATION)]
    worst = ["worst test", *(f"worst {_header(quantity, 'value')}" for quantity in SHOWN), "worst ratio"]
    columns = [*FIRST, *errors, *worst, *headers.values(), *LAST]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    whole = whole.rename(columns=headers)
    if "ignored labels" in whole and whole["ignored labels"].isna().all():
        whole = whole.drop(columns="ignored labels")
    return whole[[column for column in columns if column in whole]]


def _of_problem(problem: Problem, frames: Frames) -> pd.DataFrame:
    fitted_here = {method.label: method.fitted_here for method in problem.methods}
    rows = frames.leaderboard.assign(test=problem.reference or "")
    rows["ignored labels"] = rows["method"].map({m.label: _ignored(m) for m in problem.methods})
    rows["fitted here"] = rows["method"].map(fitted_here).astype(bool)
    rows = rows.merge(frames.costs[["method", *SHOWN_COSTS]], on="method", how="left")
    shown = []
    for quantity in SHOWN:
        errors = frames.errors[frames.errors["quantity"] == quantity].set_index("method")
        on_reference = errors.loc[errors["test"] == problem.reference, list(INTERVAL)]
        if on_reference["value"].notna().any():
            shown.append(errors)
            names = {column: _header(quantity, column) for column in INTERVAL}
            rows = rows.join(on_reference.rename(columns=names), on="method")
        for part, own in frames.training[frames.training["quantity"] == quantity].groupby("part"):
            values = own.set_index("method")["value"].rename(_header(quantity, str(part)))
            rows = rows.join(values, on="method")
    if shown and len(problem.tests) > 1:
        rows = rows.join(_worst(problem, shown[0]), on="method")
    return rows


def _ignored(method: Method) -> str | None:
    """Labels that the method was given and did not use; None where no document says."""
    return None if method.ignored is None else ", ".join(method.ignored)


def _header(quantity: str, column: str) -> str:
    """``force RMSE (meV/Å)``, ``force RMSE (meV/Å) low``, ``force RMSE (meV/Å) train``."""
    name, unit = SHOWN[quantity]
    return f"{name} RMSE ({unit})" + ("" if column == "value" else f" {column}")


def _worst(problem: Problem, errors: pd.DataFrame) -> pd.DataFrame:
    """Test group of the largest error, the error and the ratio; none for a method that left groups out."""
    usable = errors[~errors.index.isin(list(problem.gaps)) & np.isfinite(errors["value"])]
    worst = usable.sort_values("value").groupby(level="method").tail(1)
    header = f"worst {_header(str(errors['quantity'].iloc[0]), 'value')}"
    names = {"test": "worst test", "value": header, "ratio": "worst ratio"}
    return worst[list(names)].rename(columns=names)
