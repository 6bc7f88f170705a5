"""The ranks of the methods on each problem."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.dataframes.failures import failure_of
from mlffbench.report.dataframes.records import records
from mlffbench.report.problems import Method, Problem
from mlffbench.report.results import QUANTITIES, Results
from mlffbench.report.standing import standing

__all__ = ["leaderboard"]

COLUMNS = [
    "problem",
    "rank",
    "best rank",
    "worst rank",
    "beaten by",
    "method",
    "tuned",
    "status",
    "seeds",
    "failed seeds",
    "ranked by",
    "interval",
    "paired",
    "clusters",
    "failure kind",
    "failure message",
]


def leaderboard(results: Results) -> pd.DataFrame:
    """One row a problem and method: rank, seeds, failure.

    Methods are ranked by the force RMSE on the problem's reference group (the in-domain one, else the first),
    by the energy RMSE per atom where no method has forces; `rank` orders by the value, `best rank` and
    `worst rank` bound it, `beaten by` are the methods that are certainly better (see
    `mlffbench.report.standing`). Methods without that number, those that left out
    a test group that another method predicted, and those tested on other frames than most follow without a
    rank; methods of which every seed failed come last, with the kind and message of their failure. Methods
    whose hyperparameters were searched (`tuned`) come after the others and are ranked among themselves.
    """
    rows = [row for problem in results.problems for row in _ranked(problem, standing(results))]
    return pd.DataFrame(rows, columns=COLUMNS)


def _ranked(problem: Problem, standings: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a problem, best first, failures last; then those of the tuned methods likewise."""
    quantity, ranked = _comparable(problem, standings)
    places = _places(ranked)
    ranked_by = f"{QUANTITIES[quantity]} RMSE on {problem.reference}" if places else ""
    rank = lambda method: places.get(method.label, {}).get("rank", np.inf)
    order = sorted(problem.methods, key=lambda m: (m.is_tuned, not m.done, rank(m)))
    return [
        {"problem": problem.name, "method": method.label, "tuned": method.is_tuned, "ranked by": ranked_by,
         **_status(method), **places.get(method.label, {})}
        for method in order
    ]  # fmt: skip


def _comparable(problem: Problem, standings: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """The quantity that ranks the methods, and the rows of the methods that have a rank, best first."""
    on_reference = standings[
        (standings["problem"] == problem.name)
        & (standings["group"] == problem.reference)
        & (standings["metric"] == "rmse")
    ]
    quantity = "forces" if (on_reference["quantity"] == "forces").any() else "energy_per_atom"
    ranked = on_reference[(on_reference["quantity"] == quantity) & on_reference["rank"].notna()]
    return quantity, ranked.sort_values(["tuned", "rank"], kind="stable")


def _places(ranked: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The rank of each method with its range."""
    return {
        str(row["method"]): {
            "rank": row["rank"], "best rank": row["rank_low"], "worst rank": row["rank_high"],
            "beaten by": row["beaten_by"],
            "interval": row["interval"], "paired": row["paired"], "clusters": row["clusters"],
        }
        for row in records(ranked)
    }  # fmt: skip


def _status(method: Method) -> dict[str, Any]:
    row = {"seeds": len(method.done), "failed seeds": len(method.failed), "status": "ok"}
    if method.done:
        return row
    kind, message, _ = failure_of(method.failed[0])
    return {**row, "status": "failed", "failure kind": kind, "failure message": message}
