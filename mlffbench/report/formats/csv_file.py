"""leaderboard.csv: one row a problem, method and test group, with the units in the header."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlffbench.harness.documents.parts import TRAINING
from mlffbench.report.dataframes.costs import COSTS, SITUATION
from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.dataframes.records import records
from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.origins import notes_of_origin
from mlffbench.report.results import QUANTITIES, Results
from mlffbench.report.wording import PARTS

__all__ = ["inert", "render", "wide_frame"]

KEYS = ["problem", "method", "test"]
METRICS = {"rmse": "RMSE", "mae": "MAE", "max_error": "max error"}
FORMULA = (*"=+-@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")  # OWASP, CSV injection
RATIOS = {"ratio": "ratio", "ratio_low": "ratio low", "ratio_high": "ratio high"}
FAILURE = ["failure kind", "failure message"]


def render(results: Results) -> str:
    """The report as comma-separated values.

    A text that a spreadsheet would compute (``=1+1``, ``+D3``, ``-stress``) gets an apostrophe in front.
    """
    return wide_frame(results).map(inert).to_csv(index=False, lineterminator="\n")


def inert(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula, nor its parts for rows; other values as they are."""
    if not isinstance(value, str):
        return value
    quote = "'" if value.startswith(FORMULA) or value.lstrip().startswith(FORMULA) else ""
    return quote + value.replace("\r\n", "\n").replace("\r", "\n")


def wide_frame(results: Results) -> pd.DataFrame:
    """Ranks, costs, transfer ratios and every error metric: one row a problem, method and test group."""
    headers = {key: f"{name} ({unit})" if unit else name for key, (name, unit) in COSTS.items()}
    frames = Frames.from_results(results)
    silent = frames.costs[["n_parameters", "stopped_by", "tuning_time", *SITUATION]].isin(["", np.nan]).all()
    costs = frames.costs.drop(columns=list(silent[silent].index))
    costs = costs.rename(columns={**headers, "stopped_by": "stopped by"})
    board = frames.leaderboard.drop(columns="beaten by")  # a list
    board = board if board["tuned"].any() else board.drop(columns="tuned")
    board = board.merge(costs, on=["problem", "method"], how="left")
    board = board[[*(column for column in board.columns if column not in FAILURE), *FAILURE]]
    wide = board.merge(_ratios(results, frames), on=["problem", "method"], how="left")
    wide = _with_ignored(wide, results)
    return _with_notes(_with_failures(wide, results).merge(_errors(results), on=KEYS, how="left"), results)


def _with_failures(wide: pd.DataFrame, results: Results) -> pd.DataFrame:
    """Fill in kind and message of the failure in the rows of test groups that a method could not predict."""
    wide = wide.astype(dict.fromkeys(FAILURE, object))
    for problem, method in results.methods():
        for test, failure in method.test_failures.items():
            row = (
                (wide["problem"] == problem.name) & (wide["method"] == method.label) & (wide["test"] == test)
            )
            wide.loc[row, FAILURE] = failure
    return wide


def _with_ignored(wide: pd.DataFrame, results: Results) -> pd.DataFrame:
    """A column of the labels that a method was given and did not use, if any document says."""
    ignored = {(p.name, m.label): ", ".join(m.ignored) for p, m in results.methods() if m.ignored is not None}
    if not ignored:
        return wide
    rows = zip(wide["problem"], wide["method"], strict=True)
    return pd.concat([wide, pd.Series([ignored.get(row) for row in rows], name="ignored labels")], axis=1)


def _with_notes(wide: pd.DataFrame, results: Results) -> pd.DataFrame:
    """A last column that marks potentials that existed already, if there are any."""
    notes = {
        (problem.name, method.label): ", ".join(notes_of_origin(method))
        for problem, method in results.methods()
    }
    if not any(notes.values()):
        return wide
    rows = zip(wide["problem"], wide["method"], strict=True)
    return wide.assign(note=[notes.get(row, "") for row in rows])


def _ratios(results: Results, frames: Frames) -> pd.DataFrame:
    """Frames of the training part and of every test group, and the transfer ratio there by quantity."""
    sizes = {problem.name: problem.tests for problem in results.problems}
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for problem, method in results.methods():
        for part, n in method.training_frames.items():
            rows[problem.name, method.label, PARTS[part]] = {"frames": n}
    for error in records(frames.errors):
        row = rows.setdefault(tuple(error[key] for key in KEYS), {})
        row["frames"] = sizes[error["problem"]][error["test"]]
        name = SHOWN[error["quantity"]][0]
        row |= {f"{name} {header}": error[key] for key, header in RATIOS.items()}
    return _frame(
        rows, ["frames", *(f"{name} {header}" for name, _ in SHOWN.values() for header in RATIOS.values())]
    )


def _errors(results: Results) -> pd.DataFrame:
    """Every error metric with its interval."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    errors = results.scores[
        results.scores["quantity"].isin(list(QUANTITIES)) & results.scores["task"].isin(["", TRAINING])
    ]
    for error in records(errors):
        test = PARTS.get(error["test"], error["test"]) if error["task"] == TRAINING else error["test"]
        row = rows.setdefault((error["problem"], error["method"], test), {})
        metric = METRICS.get(error["metric"], error["metric"])
        header = f"{QUANTITIES[error['quantity']]} {metric} ({error['unit']})"
        row |= {header: error["value"], f"{header} low": error["low"], f"{header} high": error["high"]}
    return _frame(rows, list(dict.fromkeys(header for row in rows.values() for header in row)))


def _frame(rows: dict[tuple[Any, ...], dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    records = [{**dict(zip(KEYS, key, strict=True)), **row} for key, row in rows.items()]
    return pd.DataFrame(records, columns=[*KEYS, *columns])
