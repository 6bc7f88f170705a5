"""Summary of the tasks of one problem: numbers of each method that passed, are marginal or failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.harness.documents.parts import TRAINING
from mlffbench.report.dataframes.records import records
from mlffbench.report.problems import Document, Method, Problem, failed_as
from mlffbench.report.quantities.catalogue import find_quantity
from mlffbench.report.quantities.quantity import Quantity, Status
from mlffbench.report.quantities.values import value_text
from mlffbench.report.statistics.counts import counted_text

__all__ = ["FEW", "RULE", "JudgedNumber", "TaskCell", "TaskRow", "TaskSummary", "task_summary"]

FEW = 0.25  # of a task's numbers that may be marginal in a task that passed, or failed in a marginal one
RULE = (
    "A task passed if none of its numbers failed and at most a quarter is marginal; it failed if more than a "
    "quarter failed, or if a seed has none of them; else it is marginal. A part that failed in any seed is a "
    "failed number. docs/quantities.md lists the thresholds."
)


@dataclass(frozen=True)
class JudgedNumber:
    """A number of a task, the mean over seeds, beside its thresholds.

    `value` is in the unit of documents, `reference` the number that it is an error of, NaN without one. A
    number that some seed failed to give has the status "failed".
    """

    test: str
    quantity: str
    entry: Quantity
    name: str
    value: float
    reference: float
    text: str
    status: Status


@dataclass(frozen=True)
class TaskCell:
    """A method and a task.

    Attributes
    ----------
    task : str
    status : {"passed", "marginal", "failed"} or None
        None without any number that has thresholds.
    numbers : tuple of JudgedNumber
    n_failures : int
        Parts of the task that failed in some seed and have no number.
    word : str
        Reason for a task without numbers: ``skipped``, ``timed out``; else ''.
    seeds : str
        ``2 of 3 seeds``, in which some part failed; '' without any, and for a single seed.
    """

    task: str
    status: Status | None
    numbers: tuple[JudgedNumber, ...] = ()
    n_failures: int = 0
    word: str = ""
    seeds: str = ""

    @property
    def counts(self) -> dict[Status, int]:
        """Numbers that passed, are marginal, failed; a part that failed is a failed number."""
        counted = Counter(number.status for number in self.numbers)
        return {
            "passed": counted["passed"],
            "marginal": counted["marginal"],
            "failed": counted["failed"] + self.n_failures,
        }


@dataclass(frozen=True)
class TaskRow:
    """A method: one cell a task, in the order of `TaskSummary.tasks`."""

    method: str
    cells: tuple[TaskCell, ...]

    @property
    def n_passed(self) -> int:
        """Tasks that passed."""
        return sum(cell.status == "passed" for cell in self.cells)


@dataclass(frozen=True)
class TaskSummary:
    """Tasks that have thresholds, and the methods in the order of the leaderboard."""

    tasks: tuple[str, ...]
    rows: tuple[TaskRow, ...]
    rule: str = RULE

    def row(self, method: str) -> TaskRow | None:
        """Row of a method; None without one."""
        return next((row for row in self.rows if row.method == method), None)


def task_summary(problem: Problem, scores: pd.DataFrame, order: Sequence[str]) -> TaskSummary:
    """Judge the numbers of the tasks by the thresholds of their quantities.

    Parameters
    ----------
    scores : DataFrame
        Scores of the tasks of this problem, see `dataframes.scores.task_scores`.
    order : sequence of str
        Methods, best first.
    """
    numbers: dict[tuple[str, str], list[JudgedNumber]] = {}
    for row in records(scores):
        if row["task"] and row["task"] != TRAINING and (number := _judged(row)) is not None:
            numbers.setdefault((row["method"], row["task"]), []).append(number)
    tasks = tuple(dict.fromkeys(task for _, task in numbers))
    methods = {method.label: method for method in problem.methods if method.done}
    rows = [
        TaskRow(label, tuple(_cell(methods[label], task, numbers.get((label, task), [])) for task in tasks))
        for label in order
        if label in methods and tasks
    ]
    return TaskSummary(tasks, tuple(rows))


def _judged(row: Mapping[Any, Any]) -> JudgedNumber | None:
    """The number beside its thresholds; None without any."""
    entry = find_quantity(row["task"], row["quantity"], row["metric"])
    if entry is None:
        return None
    factor = 1e-3 if row["unit"] == f"m{entry.unit}" else 1.0  # errors in eV are shown in meV
    value, reference, predicted = (factor * float(row[key]) for key in ("value", "reference", "predicted"))
    status = entry.judge(value, None if np.isnan(reference) else reference)
    if status is None:
        return None
    bounds = factor * float(row["low"]), factor * float(row["high"])
    text = counted_text(entry, value, float(row["trials"]), int(row["seeds"]), float(row["effective"]))
    text = text or value_text(entry, value, *bounds, predicted, reference)
    name = str(row["quantity"]).replace("_", " ") if entry.is_pattern else entry.name
    return JudgedNumber(str(row["test"]), str(row["quantity"]), entry, name, value, reference, text, status)


def _cell(method: Method, task: str, numbers: Sequence[JudgedNumber]) -> TaskCell:
    each = [_missing(document, task) for document in method.done]
    failed = [{part: kind for part, kind in own.items() if kind != "skipped"} for own in each]
    parts = {part: kind for own in failed for part, kind in own.items()}
    n_seeds = sum(map(bool, failed))
    seeds = f"{n_seeds} of {len(failed)} seeds" if n_seeds and len(failed) > 1 else ""
    if not numbers:
        word = next(iter(parts.values()), "skipped" if any(each) else "")
        return TaskCell(task, "failed" if parts else None, (), len(parts), word, seeds)
    judged = tuple(replace(n, status="failed") if (n.test, n.quantity) in parts else n for n in numbers)
    rest = parts.keys() - {(number.test, number.quantity) for number in numbers}
    cell = TaskCell(task, None, judged, len(rest), seeds=seeds)
    lost = any(own and not _has_numbers(d, task) for d, own in zip(method.done, failed, strict=True))
    return replace(cell, status="failed" if lost else _status(cell.counts))


def _missing(document: Document, task: str) -> dict[tuple[str, str], str]:
    """Kinds of the failures of a task's parts, by test and quantity, ``skipped`` ones too."""
    return {
        (str(failure.get("test") or ""), str(failure.get("quantity") or "")): failed_as(failure)
        for failure in document.get("task_failures") or ()
        if failure.get("task") == task
    }


def _has_numbers(document: Document, task: str) -> bool:
    return any(score.get("task") == task for score in document["scores"])


def _status(counts: Mapping[Status, int]) -> Status:
    total = sum(counts.values())
    if counts["failed"] > FEW * total:
        return "failed"
    return "marginal" if counts["failed"] or counts["marginal"] > FEW * total else "passed"
