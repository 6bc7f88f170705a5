"""Tables of the task speed: a summary of each method, and its times by size."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np
import pandas as pd

from mlffbench.report import wording
from mlffbench.report.dataframes.speed import COLUMNS, SIZE, speed_summary
from mlffbench.report.tables.table import Cell, Column, Row, Table, has_numbers, marked, number_cell, records
from mlffbench.report.tables.tasks import quantity_tables, short_names

__all__ = ["other_tasks", "speed_tables"]

CAPTION = (
    "Latency: preparation and evaluation of the smallest system; dynamics: both in each step, higher is "
    "better. Best: the least time of an evaluation, and the atoms of that system or batch. a·Nᵇ: time of an "
    "evaluation of N atoms, in the range that obeys it. Launches, product: the time in small kernels of this "
    "machine, or in operations of its matrix product an atom; × floor: over the model's own launches or "
    "matrix products, 1 is the machine's limit. No intervals: medians of one run; the tables by size have "
    "quartiles."
)
BY_SIZE = (
    "Lower is better. Times are medians, ± the farther quartile; a number without was measured once: no "
    "interval."
)
MARKED = f" {wording.APART}: not measured under the conditions of most others, see Careful."


def speed_tables(frame: pd.DataFrame, apart: Collection[str]) -> list[Table]:
    """One row a method with latency, throughput and law; then, as details, each quantity by size.

    Parameters
    ----------
    frame : DataFrame
        Scores of all tasks of one problem.
    apart : collection of str
        Methods whose times were measured under other conditions; they are marked.
    """
    own = frame[_is_speed(frame)]
    names = short_names(dict.fromkeys(own["task"]))
    tables: list[Table] = []
    for task, scores in own.assign(task=own["task"].map(names)).groupby("task", sort=False):
        summary = _summary(str(task), speed_summary(scores))
        by_size = scores[scores["test"].str.fullmatch(SIZE)]
        by_size = by_size.sort_values("test", key=lambda tests: tests.map(_place), kind="stable")
        details = [
            replace(t, caption=BY_SIZE, detail=bool(summary)) for t in quantity_tables(str(task), by_size)
        ]
        tables += [_marked(table, apart) for table in (*summary, *details)]
    return tables


def other_tasks(frame: pd.DataFrame) -> pd.DataFrame:
    """The scores of all tasks but speed."""
    return frame[~_is_speed(frame)]


def _is_speed(frame: pd.DataFrame) -> pd.Series:
    return frame["task"].map(lambda task: re.match(r"speed\b", str(task)) is not None).astype(bool)


def _summary(task: str, summary: pd.DataFrame) -> list[Table]:
    """The summary; none of an older document, which has times by size alone."""
    shown = {name: column for name, column in COLUMNS.items() if has_numbers(summary, name)}
    if "exponent" not in shown and "launches" not in shown:
        return []
    rows = [
        Row(
            [
                Cell(str(r["method"])),
                *(number_cell(_text(name), r[name]) for name in shown),
            ],
            method=str(r["method"]),
        )
        for r in records(summary)
    ]
    columns = [Column("method"), *(Column(*texts) for texts in shown.values())]
    return [Table(f"tasks/{task}/summary", f"Task {task}", columns, rows, CAPTION)]


def _place(test: str) -> tuple[bool, int]:
    """Systems before batches, and small ones before large ones."""
    return test.startswith("batch"), int(test.split()[-2])


def _text(name: str) -> Callable[[float], str]:
    """Format of a column: numbers of atoms in all their digits."""
    return (lambda v: f"{v:.0f}" if np.isfinite(v) else wording.MISSING) if "atoms" in name else wording.plain


def _marked(table: Table, apart: Collection[str]) -> Table:
    """The table with a mark beside the times of methods that were measured apart."""
    if not any(row.cells[0].text in apart for row in table.rows):
        return table
    rows = [
        row._replace(
            cells=[
                row.cells[0],
                *(marked(c, row.cells[0].text in apart, wording.APART) for c in row.cells[1:]),
            ]
        )
        for row in table.rows
    ]
    return replace(table, rows=rows, caption=table.caption + MARKED)
