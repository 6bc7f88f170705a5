"""Errors by test group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report import wording
from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.problems import Problem
from mlffbench.report.tables.table import Cell, Column, Row, Table, has_numbers, marked, number_cell, records
from mlffbench.report.wording import PARTS

__all__ = ["transfer_tables"]


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
    own = {(row["method"], row["part"]): row["value"] for row in records(training)}
    parts = [part for part in PARTS if any(part == measured for _, measured in own)]
    columns = [Column("method"), *(Column(PARTS[part], unit) for part in parts)]
    columns += [Column(test, unit) for test in problem.tests]
    failures = {method.label: method.test_failures for method in problem.methods}
    rows = []
    by_method: dict[str, dict[str, dict[str, Any]]] = {}
    for record in records(errors):
        by_method.setdefault(record["method"], {})[record["test"]] = record
    for method, error in by_method.items():
        cells = [
            _failed_cell(failures[method][t][0])
            if t in failures.get(method, {}) and np.isnan(error[t]["value"])
            else marked(
                _cell(error[t]["value"], error[t]["ratio"], t == problem.in_domain), t in problem.leaks
            )
            for t in problem.tests
        ]
        before = [number_cell(wording.plain, own.get((method, part))) for part in parts]
        rows.append(Row([Cell(method), *before, *cells], method=method))
    caption = f"In brackets: times the error in domain ({problem.in_domain})." if problem.in_domain else ""
    return Table(f"transfer/{quantity}", f"{name.capitalize()} RMSE by test group", columns, rows, caption)


def _failed_cell(kind: str) -> Cell:
    """The kind of failure in place of an error; its message stands below, among the failures."""
    return Cell(f"cannot: {kind}", np.nan)


def _cell(value: float, ratio: float, in_domain: bool) -> Cell:
    """The error and, out of domain, how many times the error in domain it is."""
    times = "" if in_domain or not np.isfinite(ratio) else f" ({wording.ratio(ratio)})"
    return Cell(wording.plain(value) + times, value)
