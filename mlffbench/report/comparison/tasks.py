"""Numbers that tasks measured with two rows, compared as far as they have intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
from scipy.special import stdtr

from mlffbench.harness.documents.parts import TRAINING
from mlffbench.harness.error_sums import Spread
from mlffbench.report.comparison.circumstances import timed_alike
from mlffbench.report.comparison.errors import COLUMNS, EQUAL, corrected, untested
from mlffbench.report.comparison.one_sided import LOST, Name, is_timed, named_scores, one_sided, one_sided_row
from mlffbench.report.comparison.pairs import Pair
from mlffbench.report.problems import Method
from mlffbench.report.quantities.catalogue import find_quantity
from mlffbench.report.results import number
from mlffbench.report.statistics.estimates import Estimate, over_seeds, t_quantile
from mlffbench.report.statistics.paired import BETTER, UNDECIDED, WORSE
from mlffbench.report.statistics.samples import KNOWN, combined, interval_spread

__all__ = ["CHANGED", "compare_tasks"]

CHANGED = "changed"  # verdict on numbers without an interval, or of which neither direction is better
Values = dict[Any, tuple[float, ...]]  # value and bounds by seed


def compare_tasks(pairs: Sequence[Pair]) -> pd.DataFrame:
    """Numbers of tasks that a row of a pair has; columns as of `compare_errors`.

    The interval is of the difference of independent numbers, by Welch's t-test where they have intervals over
    seeds. ``changed`` is a number without an interval, or of which neither direction is better. Times of
    different machines or settings are not compared.
    """
    rows = [row for pair in pairs for row in _rows(pair)]
    return corrected(pd.DataFrame(rows, columns=COLUMNS))


def _rows(pair: Pair) -> Iterator[dict[str, Any]]:
    a, b = _numbers(pair.a), _numbers(pair.b)
    alike = timed_alike(pair)
    for name in dict.fromkeys((*a, *b)):
        own = a.get(name, {}), b.get(name, {})
        verdict = one_sided(pair, name, *own)
        if is_timed(name.task) and not alike and (verdict is None or verdict[0] != LOST):
            continue
        if verdict is None:
            numbers: dict[str, Any] | None = _compared(name, *own)
        else:
            numbers = one_sided_row(*verdict, [values[0] for values in (own[0] or own[1]).values()])
        if numbers is not None:
            yield {"problem": pair.problem, "method": pair.label, **name._asdict(), **numbers}


def _numbers(method: Method) -> dict[Name, Values]:
    """Numbers of tasks by name and seed."""
    numbers: dict[Name, Values] = {}
    for name, seed, score in named_scores(method):
        if name.task and name.task != TRAINING:
            values = tuple(number(score.get(key)) for key in ("value", "low", "high"))
            numbers.setdefault(name, {})[seed] = values
    return numbers


def _compared(name: Name, a: Values, b: Values) -> dict[str, Any]:
    """Numbers and verdict of one row, of the means over the seeds that both sides have."""
    seeds = [seed for seed in a if seed in b]
    old, new = (over_seeds(*zip(*(own[seed] for seed in seeds), strict=True)) for own in (a, b))
    entry = find_quantity(name.task, name.quantity, name.metric)
    direction = entry.direction if entry else "none"
    difference = new.value - old.value
    variance, freedom, _ = combined([_spread(old, len(seeds)), _spread(new, len(seeds))])
    half = t_quantile(0.95, freedom) * math.sqrt(variance)
    verdict, reason = _verdict(old.value, new.value, half, direction)
    t = difference / math.sqrt(variance) if half > 0 and verdict != EQUAL else math.nan
    better = {"lower": -t, "higher": t}.get(direction, math.nan)
    return {
        "a": old.value, "b": new.value, "difference": difference, "low": difference - half,
        "high": difference + half,
        "percent": 100.0 * difference / abs(old.value) if old.value else math.nan,
        "p_value": 2.0 * float(stdtr(freedom, -abs(t))), "p_better": float(stdtr(freedom, better)),
        "paired": False, "verdict": verdict, "reason": reason,
    }  # fmt: skip


def _spread(estimate: Estimate, n_seeds: int) -> Spread:
    """Variance of a number by the larger side of its interval; NaN without one."""
    half = max(estimate.value - estimate.low, estimate.high - estimate.value)
    return interval_spread(half, n_seeds - 1.0 if estimate.interval == "seeds" else KNOWN)


def _verdict(a: float, b: float, half: float, direction: str) -> tuple[str, str]:
    if verdict := untested(a, b):
        return verdict
    if not half > 0:
        return CHANGED, "no interval"
    if abs(b - a) <= half:
        return UNDECIDED, ""
    if direction not in ("lower", "higher"):
        return CHANGED, "neither direction is better"
    return (BETTER if (b < a) == (direction == "lower") else WORSE), ""
