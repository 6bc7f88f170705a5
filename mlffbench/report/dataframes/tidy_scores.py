"""Every number of every fit as one row: errors on test groups, measurements of tasks, times and memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from mlffbench.harness.documents.records import SCORES, TEXT, score_lists
from mlffbench.harness.documents.score_rows import score_rows
from mlffbench.report.results import Results, number

__all__ = ["Fit", "scores_frame", "tidy_scores"]

MANY = 1_000_000  # rows from which on texts are categories, which need little memory


class Fit(NamedTuple):
    """Names of a finished case, and its place among the lists of scores."""

    problem: str
    method: str
    seed: int | None
    place: int


def tidy_scores(results: Results) -> pd.DataFrame:
    """One row a problem, method, seed, task, test, quantity and metric, in the units of the documents.

    Scores that cannot be believed are left out (`valid_scores`); of a seed that was fitted twice the newer
    fit counts. Errors on test groups have no task, those on frames of the fit the task ``training``. Times
    and memory are rows of the task ``timing``: of the fit, and of the prediction of each test group with its
    preparation.

    Returns
    -------
    DataFrame
        Columns problem, method, seed, task, test, quantity, metric, unit, value, low, high (95 % interval), n
        (frames of the test group), predicted, reference (the numbers that a task compared). Numbers that are
        not known are NaN or NA. Texts are categories in a table of more than a million rows.
    """
    done = [(p, m, document) for p, m in results.methods() for document in m.done]
    fits = [Fit(p.name, m.label, d["case"].get("seed"), k) for k, (p, m, d) in enumerate(done)]
    return scores_frame(fits, pa.chunked_array([score_lists([score_rows(d) for *_, d in done])]))


def scores_frame(fits: Sequence[Fit], scores: pa.ChunkedArray) -> pd.DataFrame:
    """Table of scores, see `tidy_scores`.

    Parameters
    ----------
    fits : sequence of Fit
        In the order of the rows.
    scores : ChunkedArray
        Lists of scores of documents, as of `records`.
    """
    lengths = np.concatenate([np.diff(chunk.offsets) for chunk in scores.chunks] or [np.empty(0, int)])
    places = np.array([fit.place for fit in fits], dtype=int)
    parts = [chunk.flatten() for chunk in scores.chunks]
    n_rows, rows = lengths[places], _rows(lengths, places)
    columns: dict[str, Any] = {
        name: _texts([getattr(fit, name) for fit in fits], n_rows) for name in ("problem", "method")
    }
    columns["seed"] = _whole([fit.seed for fit in fits]).repeat(n_rows)
    for field in SCORES:
        column = pa.chunked_array([part.field(field.name) for part in parts], field.type)
        columns[field.name] = _column(column, rows)
    columns["n"] = _whole(columns["n"])
    return pd.DataFrame(columns)


def _rows(lengths: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Places of the scores of these documents among those of all, one document after the other."""
    starts, n_rows = (np.cumsum(lengths) - lengths)[places], lengths[places]
    return np.repeat(starts - (np.cumsum(n_rows) - n_rows), n_rows) + np.arange(n_rows.sum())


def _texts(texts: Sequence[str], n_rows: np.ndarray) -> Any:
    """Each text so many times."""
    codes, names = pd.factorize(np.array(texts, dtype=object))
    return _unless_many(pd.Categorical.from_codes(np.repeat(codes, n_rows), pd.Index(names)))


def _column(column: pa.ChunkedArray, rows: np.ndarray) -> Any:
    if column.type != TEXT:
        return column.to_numpy()[rows]
    whole = column.unify_dictionaries()
    names: Any = whole.chunk(0).dictionary.to_pylist() if whole.num_chunks else []
    codes = [chunk.indices.to_numpy() for chunk in whole.chunks]
    return _unless_many(pd.Categorical.from_codes(np.concatenate(codes or [rows])[rows], names))


def _unless_many(texts: pd.Categorical) -> Any:
    return texts if len(texts) > MANY else pd.Series(np.asarray(texts, dtype=object))


def _whole(values: Sequence[Any] | np.ndarray) -> Any:
    """Array of whole numbers, NA for None; of floats where one is too large."""
    try:
        return pd.array(values, dtype="Int64")
    except (TypeError, ValueError, OverflowError):
        return np.array([number(value) for value in values])
