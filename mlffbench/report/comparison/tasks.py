"""Numbers that tasks measured with two rows, compared as far as they have intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
from scipy.special import ndtr

from mlffbench.harness.documents.parts import TRAINING
from mlffbench.report.comparison.circumstances import timed_alike
from mlffbench.report.comparison.errors import COLUMNS, EQUAL, corrected
from mlffbench.report.comparison.pairs import Pair
from mlffbench.report.problems import Method
from mlffbench.report.quantities.catalogue import find_quantity
from mlffbench.report.results import number
from mlffbench.report.statistics.estimates import Estimate, over_seeds
from mlffbench.report.statistics.paired import BETTER, UNDECIDED, WORSE

__all__ = ["CHANGED", "OF_TIMES", "compare_tasks"]

CHANGED = "changed"  # verdict on numbers without an interval, or of which neither direction is better
OF_TIMES = ("speed", "timing")  # tasks that measure the machine, too
NORMAL = 1.959964  # half widths σ of a 95 % interval
NAMES = ("test", "quantity", "metric", "unit")
Name = tuple[str, str, str, str, str]  # task, test, quantity, metric, unit


def compare_tasks(pairs: Sequence[Pair]) -> pd.DataFrame:
    """Numbers of tasks that both rows of a pair have; columns as of `compare_errors`.

    The interval is of the difference of independent numbers. ``changed`` is a number without an interval, or
    of which neither direction is better. Times of different machines or settings are not compared.
    """
    rows = [row for pair in pairs for row in _rows(pair)]
    return corrected(pd.DataFrame(rows, columns=COLUMNS))


def _rows(pair: Pair) -> Iterator[dict[str, Any]]:
    a, b = _numbers(pair.a), _numbers(pair.b)
    alike = timed_alike(pair)
    for name in a:
        if name not in b or (name[0].partition("(")[0] in OF_TIMES and not alike):
            continue
        task, test, quantity, metric, unit = name
        entry = find_quantity(task, quantity, metric)
        direction = entry.direction if entry else "none"
        yield {
            "problem": pair.problem, "method": pair.label, "task": task, "test": test, "quantity": quantity,
            "metric": metric, "unit": unit, **_compared(a[name], b[name], direction),
        }  # fmt: skip


def _numbers(method: Method) -> dict[Name, Estimate]:
    """Means over the seeds by the names of a number, of those that every seed has."""
    numbers: dict[Name, list[tuple[float, ...]]] = {}
    for scores in method.scores:
        for score in scores:
            task = str(score.get("task") or "")
            if task and task != TRAINING:
                test, quantity, metric, unit = (str(score.get(key) or "") for key in NAMES)
                values = tuple(number(score.get(key)) for key in ("value", "low", "high"))
                numbers.setdefault((task, test, quantity, metric, unit), []).append(values)
    n_seeds = len(method.done)
    return {
        name: over_seeds(*zip(*values, strict=True))
        for name, values in numbers.items()
        if len(values) == n_seeds
    }


def _compared(a: Estimate, b: Estimate, direction: str) -> dict[str, Any]:
    difference = b.value - a.value
    half = math.hypot(_half(a), _half(b))
    p_value = 2.0 * float(ndtr(-abs(difference) / half * NORMAL)) if half > 0 else math.nan
    verdict, reason = _verdict(a.value, b.value, half, direction)
    return {
        "a": a.value, "b": b.value, "difference": difference, "low": difference - half,
        "high": difference + half, "percent": 100.0 * difference / abs(a.value) if a.value else math.nan,
        "p_value": p_value, "paired": False, "verdict": verdict, "reason": reason,
    }  # fmt: skip


def _half(estimate: Estimate) -> float:
    """The larger side of an interval; NaN without one."""
    return max(estimate.value - estimate.low, estimate.high - estimate.value)


def _verdict(a: float, b: float, half: float, direction: str) -> tuple[str, str]:
    if a == b or (math.isnan(a) and math.isnan(b)):
        return EQUAL, ""
    if not half > 0:
        return CHANGED, "no interval"
    if abs(b - a) <= half:
        return UNDECIDED, ""
    if direction not in ("lower", "higher"):
        return CHANGED, "neither direction is better"
    return (BETTER if (b < a) == (direction == "lower") else WORSE), ""
