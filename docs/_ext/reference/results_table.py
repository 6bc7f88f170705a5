"""Table of errors and costs from committed leaderboards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlffbench.report.tables.table import interval_cell
from mlffbench.report.wording import plain
from reference.markdown import code, inline, table

__all__ = ["results_table"]

Facts = Mapping[str, Any]
HEAD = (
    "suite", "problem", "row", "force RMSE (meV/Å)", "energy RMSE (meV/atom)", "fit (s)", "predict (µs/atom)",
)  # fmt: skip
WORDS = (
    "From committed results, on the test group that ranks, with 95 % intervals. Times are of the machine and "
    "the load of that run."
)


def results_table(rows: Sequence[Facts]) -> str:
    """Errors on the group that ranks, with the words above the table; '' without rows."""
    cells = [
        [
            f"[{row['suite']}](/_repository/results/{row['suite']}/leaderboard.md)",
            inline(row["problem"].lstrip("'")), code(row["method"].lstrip("'")),
            _interval(row, "force RMSE (meV/Å)"), _interval(row, "energy RMSE (meV/atom)"),
            _number(row["fit time (s)"]), _number(row["prediction time (µs/atom)"]),
        ]
        for row in rows
    ]  # fmt: skip
    return f"{WORDS}\n\n{table(HEAD, cells, 'lllrrrr')}" if cells else ""


def _interval(row: Facts, column: str) -> str:
    numbers = [row.get(column), row.get(f"{column} low"), row.get(f"{column} high")]
    value, low, high = (float(text) if text else float("nan") for text in numbers)
    return "–" if value != value else inline(interval_cell(value, low, high).text)


def _number(text: str) -> str:
    return plain(float(text)) if text else "–"
