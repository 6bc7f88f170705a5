"""Numbers that one side of a pair lacks: lost on the side b, or of one side only."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mlffbench.report.comparison.pairs import Pair, failure_text
from mlffbench.report.problems import Document, Method, dig, spec_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LOST", "ONLY_A", "ONLY_B", "Name", "is_timed", "named_scores", "number_title", "one_sided",
    "one_sided_lines", "one_sided_row",
]  # fmt: skip

LOST, ONLY_A, ONLY_B = "lost", "only in A", "only in B"  # verdicts
OF_TIMES = ("speed", "timing")  # tasks that measure the machine, too
Row = dict[str, Any]


class Name(NamedTuple):
    """Name of a number; the task of errors on test groups is ''."""

    task: str
    test: str
    quantity: str
    metric: str
    unit: str


def named_scores(method: Method) -> Iterator[tuple[Name, Any, Mapping[str, Any]]]:
    """Name, seed and score of every number of a row."""
    for document, scores in zip(method.done, method.scores, strict=True):
        for score in scores:
            name = Name(*(str(score.get(key) or "") for key in Name._fields))
            yield name, document["case"].get("seed"), score


def is_timed(task: str) -> bool:
    """True for a task that measures times."""
    return task.partition("(")[0] in OF_TIMES


def one_sided(pair: Pair, name: Name, in_a: Collection[Any], in_b: Collection[Any]) -> tuple[str, str] | None:
    """Verdict on a number that one side of a pair lacks, and the reason; None if it can be compared.

    ``lost``: for a seed that a has, b lacks it and was asked for it (its case names the task, or the metric
    and its split the test group) or failed at it. A number of a task that measures times is lost only by a
    failure. Else a number is compared on the seeds that both have; without any it is ``only in A``, or
    ``only in B``.

    Parameters
    ----------
    pair : Pair
    name : Name
    in_a, in_b : collections
        Seeds that have the number.
    """
    for document in _lacking(pair.b, in_a, in_b):
        if _is_asked(document, name):
            return LOST, _reason(document, name, bool(in_b))
    if any(seed in in_b for seed in in_a):
        return None
    if in_a:
        return ONLY_A, "" if is_timed(name.task) else "B was not asked for it"
    reasons = (_reason(d, name) for d in _lacking(pair.a, in_b, in_a) if _is_asked(d, name))
    return ONLY_B, next(reasons, "")


def one_sided_row(verdict: str, reason: str, values: Sequence[float]) -> Row | None:
    """Row of a number of one side, the mean over its seeds; None if it is finite for no seed."""
    if not any(map(math.isfinite, values)):
        return None
    value, missing = sum(values) / len(values), math.nan
    names = ("difference", "low", "high", "percent", "p_value", "p_better")
    a, b = (missing, value) if verdict == ONLY_B else (value, missing)
    return {
        "a": a, "b": b, **dict.fromkeys(names, missing), "paired": False, "verdict": verdict, "reason": reason
    }  # fmt: skip


def one_sided_lines(numbers: pd.DataFrame, verdict: str) -> list[str]:
    """Sentences on the numbers with this verdict: one a task, or test group, and reason."""
    rows = numbers[numbers["verdict"] == verdict]
    rows = rows.assign(place=rows["task"].where(rows["task"] != "", rows["test"]))
    lines = []
    for names, own in rows.groupby(["problem", "method", "task", "place", "reason"], sort=False):
        problem, method, task, place, reason = map(str, names)
        many = f"{len(own)} {'numbers of' if task else 'errors on'} {place} are"
        one = f"{number_title(next(own.itertuples()))} is"
        what = f"{method} on {problem}: {one if len(own) == 1 else many} {verdict}"
        lines.append(f"{what}: {reason}".removesuffix(": "))
    return lines


def number_title(row: Any) -> str:
    """Task, quantity, metric and test group of a row."""
    return f"{row.task} {row.quantity} {row.metric} on {row.test}".strip()


def _lacking(method: Method, wanted: Collection[Any], present: Collection[Any]) -> Iterator[Document]:
    """Documents of the seeds that are wanted and not present."""
    for document in method.done:
        if (seed := document["case"].get("seed")) in wanted and seed not in present:
            yield document


def _is_asked(document: Document, name: Name) -> bool:
    if any(failure.get("kind") != "skipped" for failure in _failures(document, name)):
        return True
    case = document["case"]
    if name.task:
        return not is_timed(name.task) and name.task in map(spec_text, case["tasks"])
    return name.metric in case["metrics"] and name.test in (dig(document, "split", "tests") or {})


def _failures(document: Document, name: Name) -> Iterator[Mapping[str, Any]]:
    """Failures that a document records of a number, of its task or test group, or of a part with it."""
    if not name.task:
        yield from (f for f in document.get("test_failures") or () if f["test"] == name.test)
        return
    for failure in _failures_of_task(document, name.task):
        test, quantity = failure.get("test"), failure.get("quantity")
        if (test or name.test) == name.test and (quantity or name.quantity) == name.quantity:
            yield failure


def _failures_of_task(document: Document, task: str) -> list[Mapping[str, Any]]:
    return [failure for failure in document.get("task_failures") or () if failure["task"] == task]


def _reason(document: Document, name: Name, of_one_seed: bool = False) -> str:
    """Failure of the number, else of a part of its task, whose name says which numbers it has."""
    reasons = [failure_text(failure) for failure in _failures(document, name)]
    for failure in _failures_of_task(document, name.task):
        if failure.get("kind") != "skipped":
            part = " ".join(str(failure[key]) for key in ("test", "quantity") if failure.get(key))
            reasons.append(f"{part}: {failure_text(failure)}")
    seed = f"seed {document['case'].get('seed')}: " if of_one_seed else ""
    return f"{seed}{reasons[0] if reasons else 'no failure is recorded'}"
