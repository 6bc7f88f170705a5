"""Standing of every method: errors with intervals and ranges of ranks, by problem, group and metric."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.comparability import marks, other_frames
from mlffbench.report.problems import Problem
from mlffbench.report.results import QUANTITIES, Results
from mlffbench.report.statistics.paired import Comparisons, compare
from mlffbench.report.statistics.ranks import rank_ranges
from mlffbench.report.statistics.samples import ErrorSample

__all__ = ["COLUMNS", "comparisons_of", "standing"]

COLUMNS = [
    "problem", "method", "group", "quantity", "metric", "unit", "error", "low", "high", "interval", "reason",
    "clusters", "seeds", "tuned", "rank", "rank_low", "rank_high", "paired", "marks",
]  # fmt: skip
Cell = tuple[str, str, str]  # group, quantity, metric


@lru_cache(maxsize=2)
def standing(results: Results) -> pd.DataFrame:
    """Errors on test groups with intervals and ranks: one row a problem, method, metric and group.

    Returns
    -------
    DataFrame
        Columns problem, method, group (of test frames), quantity, metric, unit; error, low and high (in meV
        where an energy is in eV; NaN bounds where there is no interval), interval (over what it is) and
        reason (why there is none); clusters (their number, 0 unknown), seeds, tuned; rank (by the error),
        rank_low and rank_high (from comparisons with Holm's correction, see
        `mlffbench.report.statistics.ranks`), paired (True where errors on common clusters were compared);
        marks: words on what sets the row apart from most, see `mlffbench.report.comparability`.

        Rows without an error have none; rows on other frames than most have no rank. Tuned methods are ranked
        among themselves.
    """
    rows: list[dict[str, Any]] = []
    for problem in results.problems:
        for cell, scores in _cells(results, problem):
            rows += _ranked(results, problem, cell, scores)
    return pd.DataFrame(rows, columns=COLUMNS)


def comparisons_of(
    results: Results, problem: Problem, group: str, quantity: str, metric: str = "rmse", tuned: bool = False
) -> tuple[list[str], Comparisons]:
    """Labels of the methods that are ranked by one error, least first, and their comparisons, in eV."""
    cell = group, quantity, metric
    scores = next((scores for name, scores in _cells(results, problem) if name == cell), None)
    if scores is None:
        return [], compare([])
    rivals = _rivals(problem, scores, tuned)
    return rivals["method"].tolist(), compare(_samples(results, problem, cell, rivals))


def _cells(results: Results, problem: Problem) -> list[tuple[Cell, pd.DataFrame]]:
    """Scores of each group, quantity and metric of a problem."""
    scores = _errors(results).get(problem.name)
    if scores is None:
        return []
    keys = ["test", "quantity", "metric"]
    return [((str(a), str(b), str(c)), own) for (a, b, c), own in scores.groupby(keys, sort=False)]


@lru_cache(maxsize=2)
def _errors(results: Results) -> dict[str, pd.DataFrame]:
    """Finite errors on test groups, by problem."""
    scores = results.scores
    errors = scores[
        (scores["task"] == "") & scores["quantity"].isin(list(QUANTITIES)) & scores["value"].notna()
    ]
    return {str(name): own for name, own in errors.groupby("problem", sort=False)}


def _rivals(problem: Problem, scores: pd.DataFrame, tuned: bool) -> pd.DataFrame:
    """Scores of the methods that are ranked with each other, least first."""
    apart = other_frames(problem)
    labels = [m.label for m in problem.methods if m.is_tuned is tuned and m.label not in apart]
    finite = scores[scores["method"].isin(labels) & np.isfinite(scores["value"])]
    return finite.sort_values("value", kind="stable").drop_duplicates("method")


def _samples(results: Results, problem: Problem, cell: Cell, rows: pd.DataFrame) -> list[ErrorSample]:
    """Errors as they were sampled; those of documents without clusters, as their interval tells."""
    samples = []
    for row in rows.to_dict("records"):
        sample = results.samples.get((problem.name, str(row["method"])), {}).get(cell)
        if sample is None or not sample.without:
            factor = 1e-3 if str(row["unit"]).startswith("meV") else 1.0
            value, low, high = (factor * float(row[key]) for key in ("value", "low", "high"))
            sample = ErrorSample(np.array([value]), low=low, high=high)
        samples.append(sample)
    return samples


def _ranked(results: Results, problem: Problem, cell: Cell, scores: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of one error of all methods: those with a rank, least first, then the others."""
    places: dict[str, dict[str, Any]] = {}
    for tuned in (False, True):
        rivals = _rivals(problem, scores, tuned)
        compared = compare(_samples(results, problem, cell, rivals))
        ranges = rank_ranges(compared.difference, compared.p_value)
        alone = len(rivals) == 1
        for i, (label, (low, high)) in enumerate(zip(rivals["method"], ranges, strict=True)):
            paired = alone or bool(np.delete(compared.is_paired[i], i).all())
            places[str(label)] = {"rank": i + 1, "rank_low": low, "rank_high": high, "paired": paired}
    return [_row(problem, cell, score, places) for score in scores.to_dict("records")]


def _row(
    problem: Problem, cell: Cell, score: Mapping[Any, Any], places: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    label = str(score["method"])
    names = dict(zip(("group", "quantity", "metric"), cell, strict=True))
    given = {key: score[key] for key in ("unit", "low", "high", "interval", "reason", "clusters", "seeds")}
    none = {"rank": np.nan, "rank_low": np.nan, "rank_high": np.nan, "paired": False}
    place = places.get(label, none)
    words = "; ".join(marks(problem).get(label, {}).values())
    return {
        "problem": problem.name, "method": label, **names, "error": score["value"], **given,
        "tuned": label in _tuned(problem), **place, "marks": words,
    }  # fmt: skip


@lru_cache(maxsize=16)
def _tuned(problem: Problem) -> frozenset[str]:
    return frozenset(method.label for method in problem.methods if method.is_tuned)
