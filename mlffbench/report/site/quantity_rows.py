"""Rows of quantities in pages of the site: the best method of each test, and how far the others are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.harness.documents.parts import TRAINING
from mlffbench.report.conditions import timed_apart
from mlffbench.report.problems import Problem
from mlffbench.report.quantities.catalogue import find_quantity
from mlffbench.report.quantities.quantity import Quantity
from mlffbench.report.quantities.values import value_text
from mlffbench.report.results import QUANTITIES
from mlffbench.report.site.suite import Suite
from mlffbench.report.tables.table import Cell, records

__all__ = ["QuantityRow", "quantity_rows"]

KEYS = ["problem", "task", "test", "quantity", "metric", "unit"]


@dataclass(frozen=True)
class QuantityRow:
    """Values of one quantity on one test of a problem.

    Attributes
    ----------
    key : tuple of str
        Task without its keywords, quantity and metric, as the registry of quantities has them, else as the
        document has them.
    entry : Quantity or None
        None for a quantity of somebody else's task.
    suite, problem, test : str
    link : str
        Address of the problem in the suite's report, from a page in a folder of the site.
    unit : str
    n : int
        Methods with a number; of times, those that were timed like most others (see `timed_apart`), if any.
    best : str
        Label of the method with the best number of these; '' where no number is better than another, or all
        times stand apart.
    value : Cell
        Its number, or the smallest one where none is better.
    median, worst : Cell
    """

    key: tuple[str, str, str]
    entry: Quantity | None
    suite: str
    problem: str
    test: str
    link: str
    unit: str
    n: int
    best: str
    value: Cell
    median: Cell
    worst: Cell


def quantity_rows(suite: Suite) -> Iterator[QuantityRow]:
    """Rows of a suite: each problem, task, test, quantity and metric that some method has a number of."""
    places = {problem.name: n for n, problem in enumerate(suite.results.problems)}
    scores = suite.results.scores
    scores = scores[(scores["task"] != TRAINING) & np.isfinite(scores["value"])]
    for names, rows in scores.groupby(KEYS, sort=False):
        problem, task, test, quantity, metric, unit = map(str, names)
        entry = find_quantity(task, quantity, metric)
        key = entry.key if entry else (task.partition("(")[0], quantity, metric)
        if not task and quantity not in QUANTITIES and entry is None:
            continue  # of a document that is older than the names of tasks
        alike = _timed_alike(rows, entry, suite.results.problems[places[problem]])
        ordered = _best_first(rows if alike.empty else alike, entry)
        chosen = (ordered[k] for k in (0, (len(ordered) - 1) // 2, -1))
        first, middle, last = (_cell(row, _in_shown_unit(entry, unit)) for row in chosen)
        judged = entry is not None and entry.direction != "none" and not alike.empty
        yield QuantityRow(
            key, entry, suite.name, problem, test, suite.anchor(places[problem]), unit, len(ordered),
            str(ordered[0]["method"]) if judged else "", first, middle, last,
        )  # fmt: skip


def _timed_alike(rows: pd.DataFrame, entry: Quantity | None, problem: Problem) -> pd.DataFrame:
    """Rows that can be compared: of times, those of methods that were timed like most others."""
    if entry is None or not entry.is_timed:
        return rows
    return rows[~rows["method"].isin(list(timed_apart(problem)))]


def _best_first(rows: pd.DataFrame, entry: Quantity | None) -> list[dict[str, Any]]:
    """One row a method, the best first by the quantity's direction."""
    rows = rows.drop_duplicates("method")
    value = rows["value"]
    if entry is not None and entry.direction == "higher":
        value = -value
    elif entry is not None and entry.direction == "target":
        value = (value - (entry.target or 0.0)).abs()
    return records(rows.loc[value.sort_values(kind="stable").index])


def _cell(row: Mapping[str, Any], entry: Quantity | None) -> Cell:
    return Cell(value_text(entry, row["value"], row["low"], row["high"]), row["value"])


def _in_shown_unit(entry: Quantity | None, unit: str) -> Quantity | None:
    """The entry, if its bounds are in the unit of the numbers."""
    return entry if entry is not None and entry.unit == unit else None
