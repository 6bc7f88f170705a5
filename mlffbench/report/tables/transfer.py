"""Errors by test group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report import wording
from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.problems import Problem
from mlffbench.report.tables.table import (
    EMPTY,
    Cell,
    Column,
    Row,
    Table,
    has_numbers,
    interval_cell,
    marked,
    measured_column,
    records,
)
from mlffbench.report.wording import PARTS

__all__ = ["transfer_tables"]

INTERVAL = ("value", "low", "high")


def transfer_tables(problem: Problem, errors: pd.DataFrame, training: pd.DataFrame) -> list[Table]:
    """One table a quantity: rows are methods, columns are test groups, cells hold RMSE and transfer ratio.

    Before the groups stand the errors on the parts of the training set, where any document has them.
    """
    if len(problem.tests) < 2:
        return []
    by_quantity = {quantity: errors[errors["quantity"] == quantity] for quantity in SHOWN}
    parts = {quantity: training[training["quantity"] == quantity] for quantity in SHOWN}
    return [_table(problem, q, own, parts[q]) for q, own in by_quantity.items() if has_numbers(own, "value")]


def _table(problem: Problem, quantity: str, errors: pd.DataFrame, training: pd.DataFrame) -> Table:
    name, unit = SHOWN[quantity]
    own = {
        (row["method"], row["part"]): interval_cell(*(row[k] for k in INTERVAL)) for row in records(training)
    }
    parts = [part for part in PARTS if any(part == measured for _, measured in own)]
    columns = [Column("method"), *(Column(PARTS[part], unit) for part in parts)]
    columns += [measured_column(test, unit, "", quantity, "rmse") for test in problem.tests]
    failures = {method.label: method.test_failures for method in problem.methods}
    rows = []
    by_method: dict[str, dict[str, dict[str, Any]]] = {}
    for record in records(errors):
        by_method.setdefault(record["method"], {})[record["test"]] = record
    for method, error in by_method.items():
        cells = [
            _failed_cell(failures[method][t][0])
            if t in failures.get(method, {}) and np.isnan(error[t]["value"])
            else marked(_cell(error[t], t == problem.in_domain), t in problem.leaks)
            for t in problem.tests
        ]
        before = [own.get((method, part), EMPTY) for part in parts]
        rows.append(Row([Cell(method), *before, *cells], method=method))
    title = f"{name.capitalize()} RMSE by test group"
    return Table(f"transfer/{quantity}", title, columns, rows, _caption(problem, errors))


def _caption(problem: Problem, errors: pd.DataFrame) -> str:
    """Sentences on ratios, on intervals and on the errors that have none, with the reason."""
    sentences = ["± or [ ]: 95 % intervals."]
    if problem.in_domain:
        sentences.insert(
            0, f"In brackets: times the error in domain ({problem.in_domain}), with its interval."
        )
    reasons: dict[str, list[str]] = {}
    bare = errors[errors["value"].notna() & errors["low"].isna()]
    for test, reason in zip(bare["test"], bare["reason"], strict=True):
        if reason and test not in reasons.setdefault(reason, []):
            reasons[reason].append(test)
    each = "; ".join(f"{', '.join(tests)}: {reason}" for reason, tests in reasons.items())
    return " ".join([*sentences, f"Without an interval: {each}."] if each else sentences)


def _failed_cell(kind: str) -> Cell:
    """The kind of failure in place of an error; its message stands below, among the failures."""
    return Cell(f"cannot: {kind}", np.nan)


def _cell(error: dict[str, Any], in_domain: bool) -> Cell:
    """The error with its interval and, out of domain, how many times the error in domain it is."""
    cell = interval_cell(*(error[name] for name in INTERVAL))
    if in_domain or not np.isfinite(error["ratio"]):
        return cell
    times = wording.ratio_with_interval(*(error[name] for name in ("ratio", "ratio_low", "ratio_high")))
    return cell._replace(text=f"{cell.text} ({times})")
