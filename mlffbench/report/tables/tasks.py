"""Measurements of the tasks, by structure or by quantity, and the subtasks they skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.harness.reference_group import in_reading_order
from mlffbench.report import wording
from mlffbench.report.quantities.catalogue import find_quantity
from mlffbench.report.quantities.quantity import Quantity
from mlffbench.report.quantities.values import broken_word
from mlffbench.report.statistics.counts import counted_text
from mlffbench.report.tables.table import (
    EMPTY,
    Cell,
    Column,
    Row,
    Table,
    has_numbers,
    interval_cell,
    marked,
    number_cell,
    records,
)

__all__ = ["quantity_tables", "short_names", "skipped_table", "task_tables"]

WITH_REFERENCE = (
    "Beside a reference: the value, its error in brackets. Else errors and costs, lower is better."
)

OTHER_LEVEL = (
    f" {wording.OTHER_LEVEL}: the reference is at another level of theory than the labels, see Careful."
)

COUNTS = {  # by `Quantity.counted`
    "trials": " In brackets behind counts: the 95 % interval of the share (Clopper and Pearson).",
    "all": " Counts of all bonds, modes, steps or pairs of one result are no sample: no interval.",
}


def task_tables(frame: pd.DataFrame, other_level: bool = False) -> list[Table]:
    """The tables of every task: one a quantity if there are more tests than quantities, else one a test.

    With `other_level`, the reference is at another level of theory than the labels: numbers beside it are
    marked.
    """
    tables: list[Table] = []
    names = short_names(dict.fromkeys(frame["task"]))
    for task, scores in frame.assign(task=frame["task"].map(names)).groupby("task", sort=False):
        quantities = scores.groupby(["quantity", "metric", "unit"], sort=False).ngroups
        if scores["test"].nunique() > quantities:
            tables += quantity_tables(str(task), scores, other_level)
        else:
            tables += _by_test(str(task), scores, other_level)
    return tables


def short_names(tasks: Iterable[str]) -> dict[str, str]:
    """Short names of tasks: without keywords, unless two tasks have the same name."""
    short = {task: task.partition("(")[0] for task in tasks}
    counts = Counter(short.values())
    return {task: name if counts[name] == 1 else task for task, name in short.items()}


def quantity_tables(task: str, frame: pd.DataFrame, other_level: bool = False) -> Iterable[Table]:
    """One table a quantity: rows are methods, columns are tests."""
    for (quantity, metric, unit), scores in frame.groupby(["quantity", "metric", "unit"], sort=False):
        tests = in_reading_order(dict.fromkeys(scores["test"]), None)
        rows = []
        for method, own in scores.groupby("method", sort=False):
            cells = {r["test"]: _marked(_interval(r), r, other_level) for r in records(own)}
            row = [Cell(str(method)), *(cells.get(test, EMPTY) for test in tests)]
            rows.append(Row(row, method=str(method)))
        tip = _tip(task, str(quantity), str(metric))
        columns = [Column("method"), *(Column(test, str(unit), tip=tip) for test in tests)]
        id, title = _id_and_title(task, f"{quantity}, {metric}")
        yield Table(id, title, columns, rows, "Lower is better." + _note(scores, other_level))


def _by_test(task: str, frame: pd.DataFrame, other_level: bool) -> Iterable[Table]:
    """One table a test: rows are quantities, columns are methods and, where there is one, the reference."""
    methods = list(dict.fromkeys(frame["method"]))
    for test, scores in frame.groupby("test", sort=False):
        with_reference = has_numbers(scores, "reference")
        columns = [Column("quantity"), Column("unit"), *([Column("reference")] if with_reference else [])]
        rows = []
        for (quantity, metric, unit), own in scores.groupby(["quantity", "metric", "unit"], sort=False):
            measured = {r["method"]: _marked(_measured(r), r, other_level) for r in records(own)}
            name = str(quantity) if metric == "error" else f"{quantity}, {metric}"
            tip = _tip(task, str(quantity), str(metric))
            cells = [Cell(name.replace("_", " "), tip=tip), Cell(str(unit))]
            cells += [number_cell(wording.plain, own["reference"].mean())] if with_reference else []
            rows.append(Row([*cells, *(measured.get(method, EMPTY) for method in methods)]))
        caption = WITH_REFERENCE if with_reference else "Errors and costs: lower is better."
        id, title = _id_and_title(task, str(test))
        caption += _note(scores, other_level)
        yield Table(
            id,
            title,
            [*columns, *(Column(str(m), method=str(m)) for m in methods)],
            rows,
            caption,
            words=2,
            detail=True,
        )


def _measured(row: dict[str, Any]) -> Cell:
    """The predicted number and its error, or the error with its interval."""
    if np.isnan(row["predicted"]) or np.isnan(row["reference"]) or _broken(row) or _counted(row):
        return _interval(row)
    return Cell(f"{wording.plain(row['predicted'])} ({wording.plain(row['value'])})", row["value"])


def _interval(row: dict[str, Any]) -> Cell:
    """The error with its interval, the count of its trials, or the word for one that says nothing."""
    word = _broken(row) or _counted(row)
    return Cell(word, row["value"]) if word else interval_cell(row["value"], row["low"], row["high"])


def _entry(row: dict[str, Any]) -> Quantity | None:
    return find_quantity(row["task"], row["quantity"], row["metric"])


def _tip(task: str, quantity: str, metric: str) -> str:
    """Definition of a quantity; '' for one of somebody else's task."""
    entry = find_quantity(task, quantity, metric)
    return "" if entry is None else entry.sentence


def _counted(row: dict[str, Any]) -> str:
    return counted_text(_entry(row), row["value"], row["trials"], row["seeds"])


def _broken(row: dict[str, Any]) -> str:
    entry = _entry(row)
    if entry is None or entry.unit != row["unit"]:
        return ""
    return broken_word(entry, row["value"], row["predicted"], row["reference"])


def _marked(cell: Cell, row: dict[str, Any], other_level: bool) -> Cell:
    """The cell with a mark if its reference is at another level of theory than the labels."""
    return marked(cell, other_level and not np.isnan(row["reference"]), wording.OTHER_LEVEL)


def _note(scores: pd.DataFrame, other_level: bool) -> str:
    """Sentences on counts, on numbers without an interval and on references of another level."""
    rows = records(scores)
    counts = {entry.counted for r in rows if _counted(r) and (entry := _entry(r)) is not None}
    sentences = [COUNTS[kind] for kind in COUNTS if kind in counts]
    bare = [r for r in rows if np.isfinite(r["value"]) and not np.isfinite(r["low"] + r["high"])]
    reasons = dict.fromkeys(r["reason"] for r in bare if not (_counted(r) or _broken(r)) and r["reason"])
    sentences += [f" Without an interval: {'; '.join(reasons)}."] if reasons else []
    sentences += [OTHER_LEVEL] if other_level and has_numbers(scores, "reference") else []
    return "".join(sentences)


def _id_and_title(task: str, subject: str) -> tuple[str, str]:
    """``tasks/properties/diamond`` and ``Task properties: diamond``."""
    title = f"Task {task}: {subject}" if task else f"Task: {subject}"
    return f"tasks/{task}/{subject}", title.replace("_", " ")


def skipped_table(frame: pd.DataFrame, n_methods: int) -> Table:
    """Subtasks without a measurement, one row a reason."""
    rows = []
    names = short_names(dict.fromkeys(frame["task"]))
    frame = frame.assign(task=frame["task"].map(names))
    for (task, part, reason), own in frame.groupby(["task", "part", "reason"], sort=False):
        methods = list(dict.fromkeys(own["method"]))
        who = "all methods" if len(methods) == n_methods > 1 else ", ".join(methods)
        rows.append(Row([Cell(str(v)) for v in (task, str(part).replace("_", " "), reason, who)]))
    columns = [Column(name) for name in ("task", "part", "reason", "methods")]
    return Table("skipped", "Skipped", columns, rows, words=4, detail=True)
