"""What tasks measured, by structure or by quantity, and what they skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report import wording
from mlffbench.report.results import in_reading_order
from mlffbench.report.tables.table import Cell, Row, Table, cell, interval, known, records

__all__ = ["skipped_table", "task_tables"]

WITH_REFERENCE = (
    "Beside a reference: the value, its error in brackets. Else errors and costs, lower is better."
)


def task_tables(frame: pd.DataFrame) -> list[Table]:
    """The tables of every task, by what has more entries: tests as columns, or quantities as rows."""
    found: list[Table] = []
    names = _names(dict.fromkeys(frame["task"]))
    for task, scores in frame.assign(task=frame["task"].map(names)).groupby("task", sort=False):
        quantities = scores.groupby(["quantity", "metric", "unit"], sort=False).ngroups
        if scores["test"].nunique() > quantities:
            found += _by_quantity(str(task), scores)
        else:
            found += _by_test(str(task), scores)
    return found


def _names(tasks: Iterable[str]) -> dict[str, str]:
    """What a task is called: without its keywords, unless there are two of the name."""
    short = {task: task.partition("(")[0] for task in tasks}
    counts = Counter(short.values())
    return {task: name if counts[name] == 1 else task for task, name in short.items()}


def _by_quantity(task: str, frame: pd.DataFrame) -> Iterable[Table]:
    """Rows are methods, columns what was done."""
    for (quantity, metric, unit), scores in frame.groupby(["quantity", "metric", "unit"], sort=False):
        tests = in_reading_order(dict.fromkeys(scores["test"]), None)
        rows = []
        for method, own in scores.groupby("method", sort=False):
            by_test = {r["test"]: interval(r["value"], r["low"], r["high"]) for r in records(own)}
            rows.append(Row([Cell(str(method)), *(by_test.get(t, Cell(wording.MISSING)) for t in tests)]))
        columns = [("method", ""), *((test, str(unit)) for test in tests)]
        title = _title(task, f"{quantity}, {metric}")
        yield Table(title, columns, rows, "Lower is better.")


def _by_test(task: str, frame: pd.DataFrame) -> Iterable[Table]:
    """Rows are quantities, columns methods; beside them the reference."""
    methods = list(dict.fromkeys(frame["method"]))
    for test, scores in frame.groupby("test", sort=False):
        with_reference = known(scores, "reference")
        head = [("quantity", ""), ("unit", ""), *([("reference", "")] if with_reference else [])]
        rows = []
        for (quantity, metric, unit), own in scores.groupby(["quantity", "metric", "unit"], sort=False):
            by_method = {r["method"]: r for r in records(own)}
            name = str(quantity) if metric == "error" else f"{quantity}, {metric}"
            cells = [Cell(name.replace("_", " ")), Cell(str(unit))]
            cells += [cell(wording.digits, own["reference"].mean())] if with_reference else []
            cells += [_measured(by_method[m]) if m in by_method else Cell(wording.MISSING) for m in methods]
            rows.append(Row(cells))
        caption = WITH_REFERENCE if with_reference else "Errors and costs: lower is better."
        title = _title(task, str(test))
        yield Table(title, [*head, *((m, "") for m in methods)], rows, caption, words=2, detail=True)


def _measured(row: dict[str, Any]) -> Cell:
    """The predicted number and its error, or the error with its interval."""
    if np.isnan(row["predicted"]) or np.isnan(row["reference"]):
        return interval(row["value"], row["low"], row["high"])
    return Cell(f"{wording.digits(row['predicted'])} ({wording.plain(row['value'])})", row["value"])


def _title(task: str, what: str) -> str:
    return f"Task {task}: {what}".replace("_", " ") if task else f"Task: {what}".replace("_", " ")


def skipped_table(frame: pd.DataFrame, n_methods: int) -> Table:
    """What was not measured, one row a reason."""
    rows = []
    names = _names(dict.fromkeys(frame["task"]))
    frame = frame.assign(task=frame["task"].map(names))
    for (task, part, reason), own in frame.groupby(["task", "part", "reason"], sort=False):
        methods = list(dict.fromkeys(own["method"]))
        who = "all methods" if len(methods) == n_methods > 1 else ", ".join(methods)
        rows.append(Row([Cell(str(v)) for v in (task, str(part).replace("_", " "), reason, who)]))
    columns = [("task", ""), ("part", ""), ("reason", ""), ("methods", "")]
    return Table("Skipped", columns, rows, words=4, detail=True)
