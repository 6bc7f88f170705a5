"""Numbers of a document as rows of one table: scores that can be believed, times and memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mlffbench.harness.documents.parts import TRAINING, dig, fitted_here, number
from mlffbench.harness.documents.valid_scores import valid_scores

__all__ = ["TIMING", "ScoreRow", "score_rows"]

TIMING = "timing"  # stands for the task of times and memory, which belong to no task
MEMORY = ("peak_memory", "peak_gpu_memory")


class ScoreRow(NamedTuple):
    """A number, its interval, the numbers that a task compared; `n` frames, or trials of a count."""

    task: str
    test: str
    quantity: str
    metric: str
    unit: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: float | None = None
    predicted: float | None = None
    reference: float | None = None


def score_rows(document: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the numbers of a finished case, in the units of the document: tuples as of `ScoreRow`.

    Errors on test groups have no task, those on the training part the task ``training``. Times and memory are
    rows of the task ``timing``: of the fit, and of the prediction of each test group with its preparation.
    """
    scores, _ = valid_scores(document)
    sizes, training = _sizes(document), dig(document, "training", "frames") or {}
    rows: list[tuple[Any, ...]] = []
    for score in scores:
        get = score.get
        task, test = get("task") or "", score["test"]
        names = task, test, score["quantity"], score["metric"], get("unit") or ""
        n = training.get(test) if task == TRAINING else get("trials") if task else sizes.get(test)
        rows.append((*names, get("value"), get("low"), get("high"), n, get("predicted"), get("reference")))
    return [*rows, *_timings(document, sizes)]


def _sizes(document: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers of frames that were predicted, by test group."""
    predicted = dig(document, "timings", "predict") or {}
    return (dig(document, "split", "tests") or {}) | {
        test: timing["n_frames"] for test, timing in predicted.items() if timing.get("n_frames") is not None
    }


def _timings(document: Mapping[str, Any], sizes: Mapping[str, Any]) -> Iterator[ScoreRow]:
    """Rows of the times and the memory of a fit and of its predictions; none of what is not known.

    A potential that was not fitted here has none of a fit.
    """
    fit = (dig(document, "timings", "fit") or {}) if fitted_here(document) else {}
    yield from _costs("", "fit", "time", "s", number(fit.get("seconds")), fit, sizes)
    for test, timing in (dig(document, "timings", "predict") or {}).items():
        atoms = number(timing.get("n_atoms"))
        seconds = number(timing.get("evaluate_seconds")) + number(timing.get("prepare_seconds") or 0)
        value = 1e6 * seconds / atoms if atoms > 0 else math.nan
        yield from _costs(test, "prediction", "time_per_atom", "µs/atom", value, timing, sizes)


def _costs(
    test: str, quantity: str, metric: str, unit: str, time: float, timing: Mapping[str, Any],
    sizes: Mapping[str, Any],
) -> Iterator[ScoreRow]:  # fmt: skip
    """Rows of a time and of the largest memory."""
    memory = [(name, "MiB", number(timing.get(f"{name}_mb"))) for name in MEMORY]
    for name, its_unit, value in [(metric, unit, time), *memory]:
        if not math.isnan(value):
            yield ScoreRow(TIMING, test, quantity, name, its_unit, value, n=sizes.get(test))
