"""Errors on test groups of two rows, compared on the same test frames."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.comparison.pairs import Pair
from mlffbench.report.frame_errors import Name, error_samples
from mlffbench.report.problems import Method
from mlffbench.report.results import QUANTITIES, number
from mlffbench.report.statistics.holm import holm
from mlffbench.report.statistics.paired import BETTER, ROPE, UNDECIDED, WORSE, Paired, compare
from mlffbench.report.statistics.samples import ErrorSample

__all__ = ["COLUMNS", "EQUAL", "LEVEL", "METRIC", "compare_errors", "corrected"]

EQUAL = "equal"  # verdict on numbers that are the same to the last digit
LEVEL = 0.05  # of all comparisons together
METRIC = "rmse"
COLUMNS = [
    "problem", "method", "task", "test", "quantity", "metric", "unit", "a", "b", "difference", "low", "high",
    "percent", "p_value", "paired", "verdict", "reason",
]  # fmt: skip
Row = dict[str, Any]


def compare_errors(pairs: Sequence[Pair], rope: Mapping[str, float] = ROPE) -> pd.DataFrame:
    """Root mean square errors on every test group that both rows of a pair have: one row each.

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
        correction for all rows; paired; verdict on b: better, worse, equivalent (the interval lies in the
        region of practical equivalence), equal, or not told apart; reason of a verdict without a test.
    """
    rows = [row for pair in pairs for row in _rows(pair, rope)]
    return corrected(pd.DataFrame(rows, columns=COLUMNS))


def corrected(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with p-values after Holm's correction; what is not significant then is not told apart."""
    p_values = holm(rows["p_value"].to_numpy(dtype=float))
    undone = rows["verdict"].isin([BETTER, WORSE]) & (p_values > LEVEL)
    return rows.assign(p_value=p_values, verdict=rows["verdict"].mask(undone, UNDECIDED))


def _rows(pair: Pair, rope: Mapping[str, float]) -> Iterator[Row]:
    a, b = _samples(pair.a), _samples(pair.b)
    for name in a:
        if name in b and (math.isfinite(a[name].value) or math.isfinite(b[name].value)):
            test, quantity, metric = name
            unit = _unit(pair.a, name)
            factor = 1000.0 if unit.startswith("eV") else 1.0
            yield {
                "problem": pair.problem, "method": pair.label, "task": "", "test": test, "quantity": quantity,
                "metric": metric, "unit": f"m{unit}" if factor > 1 else unit,
                **_compared(a[name], b[name], rope.get(quantity, 0.0), factor),
            }  # fmt: skip


def _compared(a: ErrorSample, b: ErrorSample, rope: float, factor: float) -> Row:
    """Numbers and verdict of one row; the numbers are multiplied by the factor."""
    both = compare([b, a])
    result: Paired = both.pair(0, 1, rope)
    verdict, reason = _verdict(a.value, b.value, result)
    numbers = {"a": a.value, "b": b.value, **{k: getattr(result, k) for k in ("difference", "low", "high")}}
    return {
        **{key: factor * value for key, value in numbers.items()},
        "percent": 100.0 * result.difference / a.value if a.value > 0 else math.nan,
        "p_value": math.nan if reason or verdict == EQUAL else result.p_value,
        "paired": bool(both.is_paired[0, 1]), "verdict": verdict, "reason": reason,
    }  # fmt: skip


def _verdict(a: float, b: float, result: Paired) -> tuple[str, str]:
    """Verdict on the second number, and why it is given without a test."""
    if a == b:
        return EQUAL, ""
    if not math.isfinite(a + b):
        return (WORSE, "b is not finite") if math.isfinite(a) else (BETTER, "a is not finite")
    return result.verdict, "" if math.isfinite(result.low) else "no interval"


def _samples(method: Method) -> dict[Name, ErrorSample]:
    """Errors of a row by test group, quantity and metric, eV, that every seed has."""
    numbers: dict[Name, list[Mapping[str, Any]]] = {}
    for scores in method.scores:
        for score in scores:
            name = (str(score["test"]), str(score["quantity"]), str(score["metric"]))
            if not score.get("task") and name[1] in QUANTITIES and name[2] == METRIC:
                numbers.setdefault(name, []).append(score)
    clustered, seeds = error_samples(method), tuple(d["case"].get("seed") for d in method.done)
    return {
        name: sample if (sample := clustered.get(name)) and sample.without else _plain(scores, seeds)
        for name, scores in numbers.items()
        if len(scores) == len(seeds)
    }


def _plain(scores: Sequence[Mapping[str, Any]], seeds: tuple[object, ...]) -> ErrorSample:
    """Errors of documents without clusters, with the interval over test frames that they hold."""
    value, low, high = (
        np.array([number(score.get(k)) for score in scores]) for k in ("value", "low", "high")
    )
    return ErrorSample(value, low=float(low.mean()), high=float(high.mean()), seeds=seeds)


def _unit(method: Method, name: Name) -> str:
    scores = (score for scores in method.scores for score in scores if not score.get("task"))
    return next(str(s.get("unit") or "") for s in scores if (s["test"], s["quantity"], s["metric"]) == name)
