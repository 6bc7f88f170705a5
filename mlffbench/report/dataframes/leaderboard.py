"""The ranks of the methods on each problem."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.dataframes.failures import failure_of
from mlffbench.report.problems import Method, Problem
from mlffbench.report.results import QUANTITIES, Results
from mlffbench.report.statistics import rank_ranges

__all__ = ["leaderboard"]

COLUMNS = [
    "problem",
    "rank",
    "best rank",
    "worst rank",
    "method",
    "tuned",
    "status",
    "seeds",
    "failed seeds",
    "ranked by",
    "interval",
    "failure kind",
    "failure message",
]


def leaderboard(results: Results) -> pd.DataFrame:
    """One row a problem and method: rank, seeds, failure.

    Methods are ranked by the force RMSE on the problem's reference group (the in-domain one, else the first),
    by the energy RMSE per atom where no method has forces; `rank` orders by the value, `best rank` and
    `worst rank` bound it (see `statistics.rank_ranges`). Methods without that number, and those that left out
    a test group that another method predicted, follow without a rank; methods of which every seed failed come
    last, with the kind and message of their failure. Methods whose hyperparameters were searched (`tuned`)
    come after the others and are ranked among themselves.
    """
    rows = [row for problem in results.problems for row in _ranked(problem, results.scores)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _ranked(problem: Problem, scores: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a problem, best first, failures last; then those of the tuned methods likewise."""
    tuned = {method.label for method in problem.methods if method.is_tuned}
    quantity, ranked = _comparable(problem, scores)
    alike = [ranked[ranked["method"].isin(list(tuned)) == is_tuned] for is_tuned in (False, True)]
    places = {label: place for own in alike for label, place in _places(own).items()}
    ranked_by = f"{QUANTITIES[quantity]} RMSE on {problem.reference}" if places else ""
    rank = lambda method: places.get(method.label, {}).get("rank", np.inf)
    order = sorted(problem.methods, key=lambda m: (m.is_tuned, not m.done, rank(m)))
    return [
        {"problem": problem.name, "method": method.label, "tuned": method.is_tuned, "ranked by": ranked_by,
         **_status(method), **places.get(method.label, {})}
        for method in order
    ]  # fmt: skip


def _comparable(problem: Problem, scores: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """The quantity that ranks the methods, and the errors of the methods that have it, least first."""
    on_reference = scores[
        (scores["problem"] == problem.name)
        & (scores["test"] == problem.reference)
        & (scores["metric"] == "rmse")
        & (scores["task"] == "")
    ]
    quantity = "forces" if (on_reference["quantity"] == "forces").any() else "energy_per_atom"
    ranked = on_reference[(on_reference["quantity"] == quantity) & np.isfinite(on_reference["value"])]
    ranked = ranked[~ranked["method"].isin(list(problem.gaps))]
    return quantity, ranked.sort_values("value", kind="stable").drop_duplicates("method")


def _places(ranked: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The rank of each method among those given."""
    ranges = rank_ranges(ranked["low"].tolist(), ranked["high"].tolist())
    return {
        str(method): {"rank": i + 1, "best rank": best, "worst rank": worst, "interval": interval}
        for i, (method, interval, (best, worst)) in enumerate(
            zip(ranked["method"], ranked["interval"], ranges, strict=True)
        )
    }


def _status(method: Method) -> dict[str, Any]:
    row = {"seeds": len(method.done), "failed seeds": len(method.failed), "status": "ok"}
    if method.done:
        return row
    kind, message, _ = failure_of(method.failed[0])
    return {**row, "status": "failed", "failure kind": kind, "failure message": message}
