"""Measurements of the tasks, by structure or by quantity, and the subtasks they skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

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

Score = dict[str, Any]  # a row of `Results.scores`
Key = TypeVar("Key", str, tuple[str, str, str])
COUNTS = {  # by `Quantity.counted`
    "trials": " In brackets behind counts: the 95 % interval of the share (Clopper and Pearson), of several "
    "seeds with the spread between them.",
    "all": " Counts of all bonds, modes, steps or pairs of one result are no sample: no interval.",
}


def task_tables(frame: pd.DataFrame, other_level: bool = False) -> list[Table]:
    """The tables of every task: one a quantity if there are more tests than quantities, else one a test.

    With `other_level`, the reference is at another level of theory than the labels: numbers beside it are
    marked.
    """
    tables: list[Table] = []
    names = short_names(dict.fromkeys(frame["task"]))
    for task, scores in _grouped(records(frame), lambda r: names[r["task"]]).items():
        quantities = {_names(r) for r in scores}
        make = _by_quantity if len({r["test"] for r in scores}) > len(quantities) else _by_test
        tables += make(task, scores, other_level)
    return tables


def _grouped(rows: Iterable[Score], key: Callable[[Score], Key]) -> dict[Key, list[Score]]:
    """Rows by a key, in the order in which the keys appear."""
    groups: dict[Key, list[Score]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _names(row: Score) -> tuple[str, str, str]:
    return row["quantity"], row["metric"], row["unit"]


def short_names(tasks: Iterable[str]) -> dict[str, str]:
    """Short names of tasks: without keywords, unless two tasks have the same name."""
    short = {task: task.partition("(")[0] for task in tasks}
    counts = Counter(short.values())
    return {task: name if counts[name] == 1 else task for task, name in short.items()}


def quantity_tables(task: str, frame: pd.DataFrame) -> list[Table]:
    """One table a quantity: rows are methods, columns are tests."""
    return list(_by_quantity(task, records(frame), other_level=False))


def _by_quantity(task: str, rows: Sequence[Score], other_level: bool) -> Iterable[Table]:
    for (quantity, metric, unit), scores in _grouped(rows, _names).items():
        tests = in_reading_order(dict.fromkeys(r["test"] for r in scores), None)
        tip = _tip(task, quantity, metric)
        columns = [Column("method"), *(Column(test, unit, tip=tip) for test in tests)]
        lines = []
        for method, own in _grouped(scores, lambda r: r["method"]).items():
            cells = {r["test"]: _marked(_interval(r), r, other_level) for r in own}
            lines.append(Row([Cell(method), *(cells.get(test, EMPTY) for test in tests)], method=method))
        id, title = _id_and_title(task, f"{quantity}, {metric}")
        yield Table(id, title, columns, lines, "Lower is better." + _note(scores, other_level))


def _by_test(task: str, rows: Sequence[Score], other_level: bool) -> Iterable[Table]:
    """One table a test: rows are quantities, columns are methods and, where there is one, the reference."""
    methods = list(dict.fromkeys(r["method"] for r in rows))
    of_methods = [Column(method, method=method) for method in methods]
    for test, scores in _grouped(rows, lambda r: r["test"]).items():
        with_reference = any(not np.isnan(r["reference"]) for r in scores)
        columns = [Column("quantity"), Column("unit"), *([Column("reference")] if with_reference else [])]
        lines = [
            Row(_line(task, names, own, methods, other_level, with_reference))
            for names, own in _grouped(scores, _names).items()
        ]
        caption = WITH_REFERENCE if with_reference else "Errors and costs: lower is better."
        caption += _note(scores, other_level)
        id, title = _id_and_title(task, test)
        yield Table(id, title, [*columns, *of_methods], lines, caption, words=2, detail=True)


def _line(
    task: str,
    names: tuple[str, str, str],
    own: Sequence[Score],
    methods: Sequence[str],
    other_level: bool,
    with_reference: bool,
) -> list[Cell]:
    """Cells of a quantity: its name, unit, reference, and the number of each method."""
    quantity, metric, unit = names
    measured = {r["method"]: _marked(_measured(r), r, other_level) for r in own}
    name = quantity if metric == "error" else f"{quantity}, {metric}"
    cells = [Cell(name.replace("_", " "), tip=_tip(task, quantity, metric)), Cell(unit)]
    if with_reference:
        known = [r["reference"] for r in own if not np.isnan(r["reference"])]
        cells.append(number_cell(wording.plain, np.mean(known) if known else np.nan))
    return [*cells, *(measured.get(method, EMPTY) for method in methods)]


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
    return counted_text(_entry(row), row["value"], row["trials"], row["seeds"], row["effective"])


def _broken(row: dict[str, Any]) -> str:
    entry = _entry(row)
    if entry is None or entry.unit != row["unit"]:
        return ""
    return broken_word(entry, row["value"], row["predicted"], row["reference"])


def _marked(cell: Cell, row: dict[str, Any], other_level: bool) -> Cell:
    """The cell with a mark if its reference is at another level of theory than the labels."""
    return marked(cell, other_level and not np.isnan(row["reference"]), wording.OTHER_LEVEL)


def _note(rows: Sequence[Score], other_level: bool) -> str:
    """Sentences on counts, on numbers without an interval and on references of another level."""
    counts = {entry.counted for r in rows if _counted(r) and (entry := _entry(r)) is not None}
    sentences = [COUNTS[kind] for kind in COUNTS if kind in counts]
    bare = [r for r in rows if np.isfinite(r["value"]) and not np.isfinite(r["low"] + r["high"])]
    reasons = dict.fromkeys(r["reason"] for r in bare if not (_counted(r) or _broken(r)) and r["reason"])
    sentences += [f" Without an interval: {'; '.join(reasons)}."] if reasons else []
    sentences += [OTHER_LEVEL] if other_level and any(not np.isnan(r["reference"]) for r in rows) else []
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
