"""Standing of every method: errors with intervals and ranges of ranks, by problem, group and metric."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.comparability import marks, other_frames
from mlffbench.report.problems import Problem
from mlffbench.report.results import QUANTITIES, Results
from mlffbench.report.statistics.paired import Comparisons, compare
from mlffbench.report.statistics.ranks import better_than, rank_ranges
from mlffbench.report.statistics.samples import KNOWN, ErrorSample

__all__ = ["COLUMNS", "comparisons_of", "sample_of", "standing"]

COLUMNS = [
    "problem", "method", "group", "quantity", "metric", "unit", "error", "low", "high", "interval", "reason",
    "clusters", "seeds", "tuned", "rank", "rank_low", "rank_high", "beaten_by", "paired", "marks",
]  # fmt: skip
Cell = tuple[str, str, str]  # group, quantity, metric
Score = dict[str, Any]


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
        `mlffbench.report.statistics.ranks`), beaten_by (methods that are certainly better by them), paired
        (True where errors on common clusters were compared); marks: words on what sets the row apart from
        most, see `mlffbench.report.comparability`.

        Rows without an error have none; rows on other frames than most have no rank. Tuned methods are ranked
        among themselves.
    """
    rows: list[Score] = []
    for problem in results.problems:
        for cell, scores in _cells(results).get(problem.name, {}).items():
            rows += _ranked(results, problem, cell, scores)
    return pd.DataFrame(rows, columns=COLUMNS)


def comparisons_of(
    results: Results, problem: Problem, group: str, quantity: str, metric: str = "rmse", tuned: bool = False
) -> tuple[list[str], Comparisons]:
    """Labels of the methods that are ranked by one error, least first, and their comparisons, in eV."""
    scores = _cells(results).get(problem.name, {}).get((group, quantity, metric), [])
    rivals = _rivals(problem, scores, tuned)
    return [score["method"] for score in rivals], compare([sample_of(results, score) for score in rivals])


@lru_cache(maxsize=2)
def _cells(results: Results) -> dict[str, dict[Cell, list[Score]]]:
    """Errors on test groups by problem, and by group, quantity and metric."""
    scores = results.scores
    scores = scores[
        (scores["task"] == "") & scores["quantity"].isin(list(QUANTITIES)) & scores["value"].notna()
    ]
    columns = {str(name): scores[name].tolist() for name in scores}
    cells: dict[str, dict[Cell, list[Score]]] = {}
    for row in zip(*columns.values(), strict=True):
        score = dict(zip(columns, row, strict=True))
        cell = score["test"], score["quantity"], score["metric"]
        cells.setdefault(score["problem"], {}).setdefault(cell, []).append(score)
    return cells


def _rivals(problem: Problem, scores: Sequence[Score], tuned: bool) -> list[Score]:
    """Scores of the methods that are ranked with each other, least first."""
    apart = other_frames(problem)
    labels = {m.label for m in problem.methods if m.is_tuned is tuned and m.label not in apart}
    finite = [score for score in scores if score["method"] in labels and math.isfinite(score["value"])]
    return sorted({score["method"]: score for score in finite}.values(), key=lambda score: score["value"])


def sample_of(results: Results, score: Mapping[str, Any]) -> ErrorSample:
    """Error on a test group as it was sampled, eV; of documents without clusters, as its interval tells.

    Parameters
    ----------
    score : mapping
        Row of `Results.scores`.
    """
    cell = score["test"], score["quantity"], score["metric"]
    sample = results.samples.get((score["problem"], score["method"]), {}).get(cell)
    if sample is not None and score["clusters"]:
        return sample
    factor = 1e-3 if score["unit"].startswith("meV") else 1.0
    value, low, high = (factor * score[key] for key in ("value", "low", "high"))
    freedom = score["seeds"] - 1.0 if score["interval"] == "seeds" else KNOWN
    return ErrorSample(np.array([value]), low=low, high=high, reason=score["reason"], freedom=freedom)


def _ranked(results: Results, problem: Problem, cell: Cell, scores: Sequence[Score]) -> list[Score]:
    """Rows of one error of all methods."""
    places: dict[str, Score] = {}
    for tuned in (False, True):
        rivals = _rivals(problem, scores, tuned)
        compared = compare([sample_of(results, score) for score in rivals])
        better = better_than(compared.difference, compared.p_value)
        labels = np.array([score["method"] for score in rivals], dtype=object)
        for i, (low, high) in enumerate(rank_ranges(better)):
            paired = bool(np.delete(compared.is_paired[i], i).all())
            ranks = {"rank": i + 1, "rank_low": low, "rank_high": high}
            places[labels[i]] = {**ranks, "beaten_by": tuple(labels[better[:, i]]), "paired": paired}
    return [_row(problem, cell, score, places) for score in scores]


def _row(problem: Problem, cell: Cell, score: Score, places: Mapping[str, Score]) -> Score:
    label = score["method"]
    names = dict(zip(("group", "quantity", "metric"), cell, strict=True))
    given = {key: score[key] for key in ("unit", "low", "high", "interval", "reason", "clusters", "seeds")}
    none = {"rank": np.nan, "rank_low": np.nan, "rank_high": np.nan, "beaten_by": (), "paired": False}
    place = places.get(label, none)
    words = "; ".join(marks(problem).get(label, {}).values())
    return {
        "problem": problem.name, "method": label, **names, "error": score["value"], **given,
        "tuned": label in _tuned(problem), **place, "marks": words,
    }  # fmt: skip


@lru_cache(maxsize=16)
def _tuned(problem: Problem) -> frozenset[str]:
    return frozenset(method.label for method in problem.methods if method.is_tuned)
