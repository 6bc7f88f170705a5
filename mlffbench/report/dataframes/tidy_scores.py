"""Every number of every fit as one row: errors on test groups, measurements of tasks, times and memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.problems import Document, dig, fitted_here
from mlffbench.report.results import Results, number

__all__ = ["tidy_scores"]

TEXTS = ["task", "test", "quantity", "metric", "unit"]
NUMBERS = ["value", "low", "high"]
SIDES = ["predicted", "reference"]
COLUMNS = ["problem", "method", "seed", *TEXTS, *NUMBERS, "n", *SIDES]
TIMING = "timing"  # stands for the task of times and memory, which belong to no task
MEMORY = ("peak_memory", "peak_gpu_memory")

Row = dict[str, Any]


def tidy_scores(results: Results) -> pd.DataFrame:
    """One row a problem, method, seed, task, test, quantity and metric, in the units of the documents.

    Scores that cannot be believed are left out (`valid_scores`); of a seed that was fitted twice the newer
    fit counts. Errors on test groups have no task. Times and memory are rows of the task ``timing``: of the
    fit, and of the prediction of each test group with its preparation.

    Returns
    -------
    DataFrame
        Columns problem, method, seed, task, test, quantity, metric, unit, value, low, high (95 % interval), n
        (frames of the test group), predicted, reference (the numbers that a task compared). Numbers that are
        not known are NaN or NA.
    """
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for problem, method in results.methods():
        for document, scores in zip(method.done, method.scores, strict=True):
            rows = [*scores, *_timings(document)]
            sizes = _sizes(document)
            for name in (*NUMBERS, *SIDES):
                columns[name] += [row.get(name) for row in rows]
            for name in TEXTS:
                columns[name] += [row.get(name) or "" for row in rows]
            columns["n"] += [None if row.get("task") else sizes.get(row["test"]) for row in scores]
            columns["n"] += [sizes.get(row["test"]) for row in rows[len(scores) :]]
            columns["problem"] += [problem.name] * len(rows)
            columns["method"] += [method.label] * len(rows)
            columns["seed"] += [document["case"].get("seed")] * len(rows)
    whole = {name: _whole(columns[name]) for name in ("seed", "n")}
    floats = {name: _floats(columns[name]) for name in (*NUMBERS, *SIDES)}
    return pd.DataFrame({**columns, **whole, **floats})


def _sizes(document: Document) -> dict[str, int | None]:
    """Numbers of frames that were predicted, by test group."""
    predicted = dig(document, "timings", "predict") or {}
    return (dig(document, "split", "tests") or {}) | {
        test: timing["n_frames"] for test, timing in predicted.items() if timing.get("n_frames") is not None
    }


def _timings(document: Document) -> Iterator[Row]:
    """Rows of the times and the memory of a fit and of its predictions; none of what is not known.

    A potential that was not fitted here has none of a fit.
    """
    fit = (dig(document, "timings", "fit") or {}) if fitted_here(document) else {}
    yield from _costs("", "fit", "time", "s", number(fit.get("seconds")), fit)
    for test, timing in (dig(document, "timings", "predict") or {}).items():
        atoms = number(timing.get("n_atoms"))
        seconds = number(timing.get("evaluate_seconds")) + number(timing.get("prepare_seconds") or 0)
        value = 1e6 * seconds / atoms if atoms > 0 else np.nan
        yield from _costs(test, "prediction", "time_per_atom", "µs/atom", value, timing)


def _costs(test: str, quantity: str, metric: str, unit: str, time: float, timing: Row) -> Iterator[Row]:
    """Rows of a time and of the largest memory."""
    memory = [(name, "MiB", number(timing.get(f"{name}_mb"))) for name in MEMORY]
    for name, its_unit, value in [(metric, unit, time), *memory]:
        if not np.isnan(value):
            yield {"task": TIMING, "test": test, "quantity": quantity,
                   "metric": name, "unit": its_unit, "value": value}  # fmt: skip


def _floats(values: Sequence[Any]) -> np.ndarray:
    """Array of floats, NaN for None; numbers too large for a float are NaN, too."""
    try:
        return np.array(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        return np.array([number(value) for value in values])


def _whole(values: Sequence[int | None]) -> Any:
    """Array of whole numbers, NA for None; of floats where one is too large."""
    try:
        return pd.array(values, dtype="Int64")
    except (TypeError, ValueError, OverflowError):
        return _floats(values)
