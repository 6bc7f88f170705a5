"""Errors on test groups of two rows, compared on the same test frames."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.comparison.one_sided import Name, named_scores, one_sided, one_sided_row
from mlffbench.report.comparison.pairs import Pair
from mlffbench.report.frame_errors import error_samples
from mlffbench.report.problems import Method
from mlffbench.report.results import QUANTITIES, number
from mlffbench.report.statistics.holm import holm
from mlffbench.report.statistics.paired import BETTER, ROPE, UNDECIDED, WORSE, Paired, compare
from mlffbench.report.statistics.samples import ErrorSample

__all__ = ["COLUMNS", "EQUAL", "LEVEL", "METRIC", "compare_errors", "corrected", "untested"]

EQUAL = "equal"  # verdict on numbers that are the same to the last digit
LEVEL = 0.05  # of all comparisons together
METRIC = "rmse"
COLUMNS = [
    "problem", "method", "task", "test", "quantity", "metric", "unit", "a", "b", "difference", "low", "high",
    "percent", "p_value", "p_better", "paired", "verdict", "reason",
]  # fmt: skip
Row = dict[str, Any]
Scores = dict[Any, Mapping[str, Any]]  # by seed


def compare_errors(pairs: Sequence[Pair], rope: Mapping[str, float] = ROPE) -> pd.DataFrame:
    """Root mean square errors on every test group that a row of a pair has: one row each.

    The difference is b − a. Where the documents of both sides hold the errors by cluster of the same test
    frames its interval is of the paired difference, see `mlffbench.report.statistics.paired`; else of the
    difference of independent numbers, which is wider.

    Parameters
    ----------
    pairs : sequence of Pair
    rope : mapping of str to float
        Half width of the region of practical equivalence by quantity, eV/Å and eV/atom.

    Returns
    -------
    DataFrame
        Columns problem, method, task (''), test, quantity, metric, unit; a, b, difference, low, high (its
        95 % interval; NaN without), in meV where energies are in eV; percent (of a); p_value, with Holm's
        correction for all rows; p_better, the probability that b has the smaller error, of each row alone;
        paired; verdict on b: better, worse, equivalent (the interval lies in the region of practical
        equivalence), equal, not told apart, or that of `one_sided` on an error that one side lacks; reason of
        a verdict without a test.
    """
    rows = [row for pair in pairs for row in _rows(pair, rope)]
    return corrected(pd.DataFrame(rows, columns=COLUMNS))


def corrected(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with p-values after Holm's correction; what is not significant then is not told apart."""
    p_values = holm(rows["p_value"].to_numpy(dtype=float))
    undone = rows["verdict"].isin([BETTER, WORSE]) & (p_values > LEVEL)
    return rows.assign(p_value=p_values, verdict=rows["verdict"].mask(undone, UNDECIDED))


def _rows(pair: Pair, rope: Mapping[str, float]) -> Iterator[Row]:
    a, b = _scores(pair.a), _scores(pair.b)
    clustered: dict[tuple[Any, ...], list[dict[tuple[str, ...], ErrorSample]]] = {}
    for name in dict.fromkeys((*a, *b)):
        own = a.get(name, {}), b.get(name, {})
        factor = 1000.0 if name.unit.startswith("eV") else 1.0
        if verdict := one_sided(pair, name, *own):
            values = [factor * number(score.get("value")) for score in (own[0] or own[1]).values()]
            numbers = one_sided_row(*verdict, values)
        else:
            seeds = tuple(seed for seed in own[0] if seed in own[1])
            if seeds not in clustered:
                clustered[seeds] = [error_samples(_of_seeds(row, seeds)) for row in (pair.a, pair.b)]
            scores = ({seed: side[seed] for seed in seeds} for side in own)
            old, new = map(partial(_sample, name), scores, clustered[seeds])
            numbers = _compared(old, new, rope.get(name.quantity, 0.0), factor)
        if numbers is not None:
            unit = f"m{name.unit}" if factor > 1 else name.unit
            yield {"problem": pair.problem, "method": pair.label, **name._asdict(), "unit": unit, **numbers}


def _compared(a: ErrorSample, b: ErrorSample, rope: float, factor: float) -> Row | None:
    """Numbers, multiplied by the factor, and verdict of one row; None if neither error is finite."""
    if not (math.isfinite(a.value) or math.isfinite(b.value)):
        return None
    both = compare([b, a])
    result: Paired = both.pair(0, 1, rope)
    verdict, reason = _verdict(a.value, b.value, result)
    numbers = {"a": a.value, "b": b.value, **{k: getattr(result, k) for k in ("difference", "low", "high")}}
    return {
        **{key: factor * value for key, value in numbers.items()},
        "percent": 100.0 * result.difference / a.value if a.value > 0 else math.nan,
        "p_value": math.nan if reason or verdict == EQUAL else result.p_value,
        "p_better": math.nan if reason or verdict == EQUAL else result.p_better,
        "paired": bool(both.is_paired[0, 1]), "verdict": verdict, "reason": reason,
    }  # fmt: skip


def _verdict(a: float, b: float, result: Paired) -> tuple[str, str]:
    """Verdict on the second number, and why it is given without a test."""
    without_test = untested(a, b)
    return without_test or (result.verdict, "" if math.isfinite(result.low) else "no interval")


def untested(a: float, b: float) -> tuple[str, str] | None:
    """Verdict, and its reason, on two equal numbers, or if one or both are not finite; else None."""
    if a == b or not (math.isfinite(a) or math.isfinite(b)):
        return EQUAL, ""
    if not math.isfinite(b):
        return WORSE, "b is not finite"
    return None if math.isfinite(a) else (BETTER, "a is not finite")


def _scores(method: Method) -> dict[Name, Scores]:
    """Scores of a row by name and seed."""
    scores: dict[Name, Scores] = {}
    for name, seed, score in named_scores(method):
        if not name.task and name.quantity in QUANTITIES and name.metric == METRIC:
            scores.setdefault(name, {})[seed] = score
    return scores


def _of_seeds(method: Method, seeds: Collection[Any]) -> Method:
    return replace(method, done=tuple(d for d in method.done if d["case"].get("seed") in seeds))


def _sample(name: Name, scores: Scores, clustered: Mapping[tuple[str, ...], ErrorSample]) -> ErrorSample:
    """Error of all seeds; without clusters, with the interval over test frames that the documents hold."""
    sample = clustered.get((name.test, name.quantity, name.metric))
    if sample is not None and sample.without:
        return sample
    value, low, high = (
        np.array([number(score.get(k)) for score in scores.values()]) for k in ("value", "low", "high")
    )
    return ErrorSample(value, low=float(low.mean()), high=float(high.mean()), seeds=tuple(scores))
