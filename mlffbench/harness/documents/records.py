"""Documents as rows of a table: all that tables and a resume need of them, their scores nested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic_core import to_json

from mlffbench.harness.documents.parts import Document, dig, failed_as, fitted_here, number
from mlffbench.harness.documents.score_rows import ScoreRow, score_rows
from mlffbench.harness.reference_group import reference_group, reference_scores

__all__ = ["SCHEMA", "SCORES", "Stamp", "records", "score_lists"]

TEXT = pa.dictionary(pa.int32(), pa.string())
SCORES = pa.struct(
    [pa.field(name, TEXT if k < 5 else pa.float64()) for k, name in enumerate(ScoreRow._fields)]
)
SCHEMA = pa.schema(
    {
        "id": pa.string(), "mtime": pa.int64(), "size": pa.int64(), "inode": pa.uint64(),
        **dict.fromkeys(("suite", "label", "dataset", "split", "estimator", "budget", "seed"), TEXT),
        **dict.fromkeys(("status", "kind"), TEXT),
        "message": pa.string(), "date": pa.string(), "test": TEXT, "quantity": TEXT, "unit": TEXT,
        **dict.fromkeys(("error", "low", "high", "fit_seconds"), pa.float64()),
        "head": pa.string(), "scores": pa.list_(SCORES),
    }
)  # fmt: skip
HEAD = ("schema", "id", "status", "case", "inputs", "kept_model", "predictions")  # as in the document
RANKING = ("forces", "energy_per_atom")


class Stamp(NamedTuple):
    """Time of the last change (ns), bytes and inode of a file: another content has another stamp."""

    mtime: int
    size: int
    inode: int


def records(read: Iterable[tuple[Stamp, Document]]) -> pa.Table:
    """Table of documents with the columns of `SCHEMA`, one row each.

    The columns dataset, split, estimator, budget and seed are JSON; test, quantity, unit, error, low and high
    hold the RMSE that ranks the case; head is the document without its numbers, see `_head`. A case that
    failed, or that says ok and names a failure, has no scores.
    """
    rows: list[dict[str, Any]] = []
    scores: list[list[tuple[Any, ...]]] = []
    for stamp, document in read:
        row = {**stamp._asdict(), **_row(document)}
        rows.append(row)
        scores.append(score_rows(document) if row["status"] == "ok" else [])
    columns = {
        field.name: _array([row[field.name] for row in rows], field.type)
        for field in SCHEMA
        if field.name != "scores"
    }
    return pa.table({**columns, "scores": score_lists(scores)}, schema=SCHEMA)


def score_lists(scores: Sequence[Sequence[tuple[Any, ...]]]) -> pa.ListArray:
    """Scores of each document as an array of lists of `SCORES`."""
    ends = np.cumsum([0, *map(len, scores)])
    columns = list(zip(*chain.from_iterable(scores), strict=True)) or [()] * len(ScoreRow._fields)
    arrays = [_array(column, field.type) for column, field in zip(columns, SCORES, strict=True)]
    struct = pa.StructArray.from_arrays(arrays, fields=list(SCORES))
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), struct)


def _array(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    if type_ == TEXT:
        return pa.array(values, pa.string()).dictionary_encode()
    try:
        return pa.array(values, type_)
    except (pa.ArrowInvalid, OverflowError):  # a whole number that is no float
        return pa.array([None if value is None else number(value) for value in values], type_)


def _row(document: Document) -> dict[str, Any]:
    """The record of a document, without stamp and scores."""
    case, failure = document["case"], document.get("failure") or {}
    ok = document["status"] == "ok" and not failure
    return {
        "id": document["id"],
        "suite": case["suite"],
        "label": case["label"],
        **{name: _json(case[name]) for name in ("dataset", "split", "estimator")},
        "budget": _json(case.get("budget")),
        "seed": _json(case.get("seed")),
        "status": "ok" if ok else "failed",
        "kind": None if ok else failed_as(failure),
        "message": None if ok else failure.get("message"),
        "date": dig(document, "provenance", "date"),
        "fit_seconds": dig(document, "timings", "fit", "seconds") if fitted_here(document) else None,
        **(_ranking(document) if ok else dict.fromkeys(("test", "quantity", "unit", "error", "low", "high"))),
        "head": _json(_head(document)),
    }


def _ranking(document: Document) -> dict[str, Any]:
    """The error that ranks a case: RMSE of the forces on the reference group, else of the energy per atom."""
    scores = {score["quantity"]: score for score in reference_scores(document)}
    quantity = next((name for name in RANKING if name in scores), None)
    score: Mapping[str, Any] = scores.get(quantity or "", {})
    numbers = {"error": score.get("value"), "low": score.get("low"), "high": score.get("high")}
    return {"test": reference_group(document), "quantity": quantity, "unit": score.get("unit"), **numbers}


def _head(document: Document) -> dict[str, Any]:
    """The document as far as the state of its case depends on it.

    Of the scores there is one for each metric on test groups, of failures no traceback, of times those of
    the case and of the fit.
    """
    metrics = {score["metric"]: score for score in document["scores"] if not score.get("task")}
    timings = document.get("timings") or {}
    failures = document.get("task_failures") or ()
    return {
        **{name: document[name] for name in HEAD if name in document},
        "failure": _without_traceback(document.get("failure")),
        "split": {"digest": dig(document, "split", "digest")},
        "scores": list(metrics.values()),
        "task_failures": [_without_traceback(failure) for failure in failures],
        "timings": {name: timings[name] for name in ("case", "fit") if name in timings},
    }


def _without_traceback(failure: dict[str, Any] | None) -> dict[str, Any] | None:
    return failure and {name: value for name, value in failure.items() if name != "traceback"}


def _json(value: Any) -> str:
    return to_json(value).decode()
