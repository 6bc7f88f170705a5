"""across_problems.csv: mean ranks and places of every method over the problems of a report."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.formats.csv_file import inert
from mlffbench.report.results import Results
from mlffbench.report.verdict.over_problems import RANGES, OverProblems, over_problems

__all__ = ["render"]

RANKS = ["method", "problems", "mean rank", "low", "high", "win rate", "P(best)", "lacks"]
COLUMNS = [
    *RANKS, "place", *(f"{name}, {end}" for name in RANGES for end in ("best", "worst")), "P(first)"
]  # fmt: skip


def render(results: Results) -> str:
    """One row a method, those without a mean rank last; no row of a report of one problem."""
    rows = list(_rows(over_problems(results)).values()) if len(results.problems) > 1 else []
    return pd.DataFrame(rows, columns=COLUMNS).map(inert).to_csv(index=False, lineterminator="\n")


def _rows(found: OverProblems) -> dict[str, dict[str, Any]]:
    own, order, n = found.ranking, found.order, len(found.problems)
    rows: dict[str, dict[str, Any]] = {}
    for i, label in enumerate(own.methods):
        others = np.delete(own.win_rates[i], i)
        rows[label] = {
            "method": label, "problems": n, "mean rank": own.mean_ranks[i], "low": own.bounds[i, 0],
            "high": own.bounds[i, 1], "win rate": others.mean() if len(others) else np.nan,
            "P(best)": np.nan if own.reason else own.p_best[i],
        }  # fmt: skip
    for label, lacking in own.missing.items():
        rows[label] = {"method": label, "problems": n - len(lacking), "lacks": "; ".join(lacking)}
    for i, label in enumerate(order.methods):
        rows[label] |= {"place": order.place[i], "P(first)": order.p_first[i]}
        for name, attribute in RANGES.items():
            best, worst = getattr(order, attribute)[i]
            rows[label] |= {f"{name}, best": best, f"{name}, worst": worst}
    return rows
