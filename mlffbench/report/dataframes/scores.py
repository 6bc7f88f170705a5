"""The long frames: every score of every document, and their means over seeds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.results import Document, Method, problems
from mlffbench.report.statistics import over_seeds

__all__ = ["QUANTITIES", "aggregated", "column", "number", "numeric", "scores"]

QUANTITIES = {
    "forces": "force",
    "energy_per_atom": "energy",
    "energy_per_atom_shifted": "shifted energy",
    "energy": "cell energy",
    "energy_shifted": "shifted cell energy",
    "stress": "stress",
}
METRICS = {"rmse": "RMSE", "mae": "MAE", "max_error": "max error"}
SCORES = ["problem", "method", "seed", "test", "quantity", "metric", "value", "low", "high", "unit"]
MEANS = [
    "problem",
    "method",
    "task",
    "test",
    "quantity",
    "metric",
    "value",
    "low",
    "high",
    "unit",
    "predicted",
    "reference",
    "seeds",
    "interval",
]


NUMBERS = ("value", "low", "high", "predicted", "reference")


def number(value: Any) -> float:
    """A float; NaN for None and for what is no number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def column(quantity: str, metric: str, unit: str) -> str:
    """The name of a column of errors, with its unit: ``force RMSE (meV/Å)``."""
    return f"{QUANTITIES.get(quantity, quantity)} {METRICS.get(metric, metric)} ({unit})"


def numeric(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its columns of numbers as floats, also where it is empty or all is missing."""
    measured = [
        c for c in frame.columns if c in ("value", "low", "high") or "ratio" in c or re.search(r"\(.+\)", c)
    ]
    return frame.astype(dict.fromkeys(measured, float))


def scores(documents: Iterable[Document]) -> pd.DataFrame:
    """One row a document and score; errors in eV are given in meV, scores of tasks as they are."""
    return numeric(pd.DataFrame(_rows(documents), columns=SCORES))


def _rows(documents: Iterable[Document]) -> list[dict[str, Any]]:
    return [
        r for problem in problems(documents) for m in problem.methods for r in _scores_of(problem.name, m)
    ]


def _scores_of(problem: str, method: Method) -> list[dict[str, Any]]:
    return [
        {"problem": problem, "method": method.label, "seed": document["case"].get("seed"), **_in_milli(score)}
        for document in method.done
        for score in document.get("scores") or []
    ]


def _in_milli(score: dict[str, Any]) -> dict[str, Any]:
    unit = str(score.get("unit") or "")
    milli = score["quantity"] in QUANTITIES and unit.startswith("eV")
    factor = 1000.0 if milli else 1.0
    numbers = {key: factor * number(score.get(key)) for key in NUMBERS}
    words = {key: str(score.get(key, "")) for key in ("task", "test", "quantity", "metric")}
    return {**words, **numbers, "unit": f"m{unit}" if milli else unit}


def aggregated(documents: Iterable[Document]) -> pd.DataFrame:
    """The scores' means over seeds with 95 % intervals (see `statistics.over_seeds`), one row a score.

    Returns
    -------
    DataFrame
        Columns problem, method, task, test, quantity, metric, value, low, high, unit, predicted, reference,
        seeds, interval; the last says what the interval was taken over.
    """
    keys = ["problem", "method", "task", "test", "quantity", "metric", "unit"]
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in _rows(documents):
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    means = [{**dict(zip(keys, key, strict=True)), **_mean(rows)} for key, rows in groups.items()]
    return numeric(pd.DataFrame(means, columns=MEANS))


def _mean(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    numbers = ([row[key] for row in rows] for key in ("value", "low", "high"))
    with np.errstate(invalid="ignore"):  # the mean of inf and −inf
        sides = {key: float(np.mean([row[key] for row in rows])) for key in ("predicted", "reference")}
        return {**over_seeds(*numbers)._asdict(), **sides, "seeds": len(rows)}
