"""The tables beside the leaderboard: energy profiles, cost."""

from __future__ import annotations

import pandas as pd

from mlffbench.report import wording
from mlffbench.report.tables.table import Cell, Row, Table, cell, known, records

__all__ = ["cost_table", "profile_table"]


def profile_table(frame: pd.DataFrame) -> Table:
    """What each method gets wrong along each path."""
    columns = {
        "highest point (meV)": ("top", "meV"),
        "reference highest point (meV)": ("top, reference", "meV"),
        "highest point error (meV)": ("error", "meV"),
        "profile RMSE (meV)": ("RMSE", "meV"),
    }
    rows = [
        Row([Cell(r["method"]), Cell(r["profile"]), *(cell(wording.plain, r[n]) for n in columns)])
        for r in records(frame)
    ]
    caption = (
        "Energies along the path, relative to the point where the reference is lowest; the top is the "
        "barrier, if the path has one. First seed of each method."
    )
    head = [("method", ""), ("profile", ""), *columns.values()]
    return Table("Energy profiles", head, rows, caption, words=2)


def cost_table(frame: pd.DataFrame) -> Table:
    """Times, memory, device and precision."""
    numbers = {
        "fit time (s)": ("fit", "s"),
        "prepare time (µs/atom)": ("prepare", "µs/atom"),
        "evaluate time (µs/atom)": ("evaluate", "µs/atom"),
        "peak memory (MB)": ("memory", "MB"),
        "peak GPU memory (MB)": ("GPU memory", "MB"),
    }
    shown = {k: v for k, v in numbers.items() if known(frame, k)}
    columns = [("method", ""), ("device", ""), ("dtype", ""), *shown.values()]
    rows = [
        Row(
            [
                *(Cell(r[k]) for k in ("method", "device", "dtype")),
                *(cell(wording.plain, r[k]) for k in shown),
            ]
        )
        for r in records(frame)
    ]
    caption = "Prediction over all test groups, energies and forces; peak memory of the whole process."
    return Table("Cost", columns, rows, caption, words=3)
