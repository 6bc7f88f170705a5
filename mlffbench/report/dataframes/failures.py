"""Failed cases and tasks with their messages, and skipped tasks with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mlffbench.report.problems import Document, failed_as
from mlffbench.report.results import Results

__all__ = ["failure_of", "failures", "skipped"]

FAILURES = ["problem", "method", "seed", "kind", "message", "traceback"]
SKIPPED = ["problem", "method", "task", "part", "reason"]


def failures(results: Results) -> pd.DataFrame:
    """One row a failed case, or a failed test group or task of a case that went well: kind, message ..."""
    rows = [
        [problem.name, name, document["case"].get("seed"), *failure]
        for problem, method in results.methods()
        for document in [*method.failed, *method.done]
        for name, failure in _failed_parts(method.label, document)
    ]
    return pd.DataFrame(rows, columns=FAILURES)


def failure_of(document: Mapping[str, Any]) -> tuple[str, str, str]:
    """Kind, message and traceback of a document's failure."""
    failure = document.get("failure") or {}
    return (
        failed_as(failure),
        str(failure.get("message") or "no message was recorded"),
        str(failure.get("traceback") or ""),
    )


def _failed_parts(label: str, document: Document) -> list[tuple[str, tuple[str, str, str]]]:
    """The failed parts of a case by name: the whole case, or its test groups and tasks."""
    if document.get("status") != "ok":
        return [(label, failure_of(document))]
    groups = [
        (f"{label}, test group {failure['test']}", failure_of({"failure": failure}))
        for failure in document.get("test_failures") or []
    ]
    return groups + [
        (f"{label}, {failure['task']}{_subtask(failure)}", failure_of({"failure": failure}))
        for failure in document.get("task_failures") or []
        if failure.get("kind") != "skipped"
    ]


def _subtask(failure: Mapping[str, Any]) -> str:
    """``: diamond C11``, the subtask of a task that failed alone."""
    names = " ".join(str(failure[key]) for key in ("test", "quantity") if failure.get(key))
    return f": {names}" if names else ""


def skipped(results: Results) -> pd.DataFrame:
    """One row a subtask that there was no reason or no way to measure, from the first seed."""
    rows = [
        [problem.name, method.label, skip["task"], _subtask(skip).removeprefix(": "),
         str(skip.get("message", ""))]
        for problem, method in results.methods()
        for skip in (method.done[0].get("task_failures") or () if method.done else ())
        if skip.get("kind") == "skipped"
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=SKIPPED)
