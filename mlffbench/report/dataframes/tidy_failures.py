"""Everything that gave no number, one row each: failed fits, test groups and tasks, and what was skipped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from mlffbench.report.dataframes.failures import failure_of
from mlffbench.report.problems import Document
from mlffbench.report.results import Results

__all__ = ["tidy_failures"]

WHERE = ["task", "test", "quantity"]
COLUMNS = ["problem", "method", "seed", *WHERE, "kind", "message"]


def tidy_failures(results: Results) -> pd.DataFrame:
    """One row a failed fit, or a failed test group or part of a task of a fit that went well.

    Columns problem, method, seed, task, test, quantity, kind, message. The kind ``skipped`` stands for what
    there was no reason or no way to measure, ``set aside`` for a number that cannot be believed.
    """
    rows = [
        [problem.name, method.label, document["case"].get("seed"), *row]
        for problem, method in results.methods()
        for document, faults in [*((d, []) for d in method.failed), *method.faulty]
        for row in [*_failures(document), *(["", "", "", "set aside", fault] for fault in faults)]
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _failures(document: Document) -> Iterator[list[Any]]:
    if document.get("status") != "ok" or document.get("failure"):
        yield ["", "", "", *failure_of(document)[:2]]
    for failure in [*(document.get("test_failures") or ()), *(document.get("task_failures") or ())]:
        places = [str(failure.get(name) or "") for name in WHERE]
        yield [*places, *failure_of({"failure": failure})[:2]]
