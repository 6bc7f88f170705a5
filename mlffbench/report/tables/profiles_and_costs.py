"""The tables beside the leaderboard: energy profiles and costs."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from mlffbench.report import wording
from mlffbench.report.quantities.costs import PROFILE
from mlffbench.report.tables.table import (
    Cell,
    Column,
    Row,
    Table,
    has_numbers,
    marked,
    measured_column,
    number_cell,
    records,
)

__all__ = ["circumstances_table", "cost_table", "profile_table"]

PROFILE_COLUMNS = {e.quantity: Column(e.name, e.unit, tip=e.sentence) for e in PROFILE}
COST_COLUMNS = {
    "fit_time": measured_column("fit", "s", "cost", "fit_time"),
    "tuning_time": measured_column("of it tuning", "s", "cost", "tuning_time"),
    "prepare_time": measured_column("prepare", "µs/atom", "cost", "prepare_time"),
    "evaluate_time": measured_column("evaluate", "µs/atom", "cost", "evaluate_time"),
    "peak_memory": measured_column("memory", "MB", "cost", "peak_memory"),
    "peak_gpu_memory": measured_column("GPU memory", "MB", "cost", "peak_gpu_memory"),
    "n_parameters": measured_column("parameters", "", "cost", "n_parameters"),
}

ONE_RUN = "Means over the seeds, one run each; a run tells nothing of its spread: no intervals."
CIRCUMSTANCES = {
    "budget": "budget", "reproducible": "result", "environment": "environment", "resumed": "resumed",
}  # fmt: skip


def profile_table(profiles: pd.DataFrame) -> Table:
    """Errors of each method along each path."""
    rows = [
        Row([Cell(r["method"]), Cell(r["profile"]),
             *(number_cell(wording.plain, r[column]) for column in PROFILE_COLUMNS)], method=str(r["method"]))
        for r in records(profiles)
    ]  # fmt: skip
    caption = (
        "Energies along the path, relative to the point where the reference is lowest; the top is the "
        "barrier, if the path has one. First seed of each method. No intervals: a path is no sample."
    )
    columns = [Column("method"), Column("profile"), *PROFILE_COLUMNS.values()]
    return Table("profiles", "Energy profiles", columns, rows, caption, words=2)


def cost_table(costs: pd.DataFrame, apart: Collection[str] = ()) -> Table:
    """Times, memory, device and precision; parameters and what ended the fit, where documents say so.

    Parameters
    ----------
    apart : collection of str
        Methods whose times were measured under other conditions; they are marked.
    """
    shown = {key: column for key, column in COST_COLUMNS.items() if has_numbers(costs, key)}
    words = {name: Column(name) for name in ("method", "device", "dtype")}
    if (costs["stopped_by"] != "").any():
        words["stopped_by"] = Column("stopped by")
    rows = [
        Row(
            [
                *(Cell(r[key] or wording.MISSING) for key in words),
                *(_cost_cell(key, r[key], r["method"] in apart) for key in shown),
            ],
            method=str(r["method"]),
        )
        for r in records(costs)
    ]
    caption = (
        f"Prediction over all test groups, energies and forces; peak memory of the whole process. {ONE_RUN}"
    )
    return Table("cost", "Cost", [*words.values(), *shown.values()], rows, caption, words=len(words))


def circumstances_table(costs: pd.DataFrame) -> Table:
    """Budgets, environments and resumptions; without rows where no method has any."""
    shown = {key: Column(name) for key, name in CIRCUMSTANCES.items() if (costs[key] != "").any()}
    rows = [
        Row([Cell(r["method"]), *(Cell(r[key] or wording.MISSING) for key in shown)], method=str(r["method"]))
        for r in records(costs)
        if shown
    ]
    caption = "Budget: most that a method may use. Depends on the machine: the clock ended a fit or a search."
    columns = [Column("method"), *shown.values()]
    return Table("circumstances", "Budgets and circumstances", columns, rows, caption, words=len(columns))


def _cost_cell(key: str, value: float, apart: bool) -> Cell:
    cell = number_cell(_count if key == "n_parameters" else wording.plain, value)
    return marked(cell, apart and key.endswith("_time"), wording.APART)


def _count(value: float) -> str:
    """A number of things, in all its digits."""
    return f"{value:.0f}" if np.isfinite(value) else wording.MISSING
