"""Tables of the indicators of survival: a summary, and every score's rank correlation with survival."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from mlffbench.report import wording
from mlffbench.report.tables.table import EMPTY, Cell, Column, Row, Table, number_cell, records

__all__ = ["CAPTION", "SIGNIFICANT", "SUMMARY", "indicator_tables"]

SIGNIFICANT = 0.05  # p after Holm's correction
CAPTION = (
    "Spearman's ρ of every static score with what molecular dynamics lost, methods as the units, seeds "
    "averaged: 1 means that the better method by this score survives longer, below 0 it misleads. Brackets: "
    "95 % bootstrap interval over methods. Fixed F: partial ρ at fixed in-domain force RMSE. p: of "
    "permutations, corrected for all scores of the table (Holm)."
)
SUMMARY = (
    "The score whose order of the methods is most like their order by survival, or most against it (largest "
    "|ρ|, among those with an interval if any has one); told from chance where its p, corrected for all "
    "scores, is at most 0.05."
)
COUNTED = {"lifetime": "mean lifetime", "survivors": "share of survivors"}


def indicator_tables(frame: pd.DataFrame) -> list[Table]:
    """The summary and a table a temperature and measure, of one problem or of all pooled.

    Parameters
    ----------
    frame : DataFrame
        Rows of `mlffbench.report.dataframes.indicators.indicators` of one problem; none give no table.
    """
    rows: list[Row] = []
    details: list[Table] = []
    for (temperature, survival), own in frame.groupby(["temperature", "survival"], sort=False):
        named = Cell(str(temperature)), Cell(COUNTED[str(survival)])
        measured = sorted(records(own[own["rho"].notna()]), key=_order)
        rows.append(Row([*named, *_best(measured, records(own))]))
        if measured:
            details.append(_detail(str(temperature), str(survival), measured))
    names = ("MD at", "survival", "best indicator", "ρ", "ρ, fixed F", "p, Holm", "methods")
    summary = Table(
        "indicators", "Indicators of survival", [Column(n) for n in names], rows, SUMMARY, words=3
    )
    return [summary, *details] if rows else []


def _order(row: dict[str, Any]) -> tuple[bool, float]:
    """Numbers with an interval first, then by the size of ρ."""
    return math.isnan(row["low"]), -abs(row["rho"])


def _best(measured: list[dict[str, Any]], all_: list[dict[str, Any]]) -> list[Cell]:
    """Cells of the best indicator, or the reason why there is none."""
    if not measured:
        reasons = list(dict.fromkeys(row["reason"] for row in all_))
        return [
            Cell(f"none: {reasons[0]}"),
            EMPTY,
            EMPTY,
            EMPTY,
            _count(all_[0]["methods"]),
        ]
    best = measured[0]
    doubt = "" if best["p_holm"] <= SIGNIFICANT else " (not told from chance)"
    return [Cell(f"{best['indicator']}{doubt}"), *_numbers(best)]


def _detail(temperature: str, survival: str, measured: list[dict[str, Any]]) -> Table:
    id, title = (
        f"indicators/{temperature}/{survival}",
        f"Indicators of the {COUNTED[survival]}, {temperature}",
    )
    names = ("indicator", "ρ", "ρ, fixed F", "p, Holm", "methods")
    rows = [Row([Cell(row["indicator"]), *_numbers(row)]) for row in measured]
    return Table(id, title, [Column(name) for name in names], rows, CAPTION, detail=True)


def _numbers(row: dict[str, Any]) -> Iterator[Cell]:
    yield _bracketed(row["rho"], row["low"], row["high"])
    yield _bracketed(row["partial"], row["partial_low"], row["partial_high"])
    yield number_cell(wording.plain, row["p_holm"])
    yield _count(row["methods"])


def _bracketed(value: float, low: float, high: float) -> Cell:
    """``0.79 [0.54, 0.91]``: an interval of ρ is not symmetric."""
    if math.isnan(value):
        return EMPTY
    inside = "no interval" if math.isnan(low) else f"{_two(low)}, {_two(high)}"
    return Cell(f"{_two(value)} [{inside}]", value)


def _count(n: int) -> Cell:
    return Cell(str(n), float(n))


def _two(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
