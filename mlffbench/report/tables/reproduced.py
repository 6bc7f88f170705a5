"""Tables of published errors measured again: verdicts, reasons, and the protocols side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.dataframes.reproduced import LACKING, protocols, reproduced
from mlffbench.report.results import QUANTITIES, Results
from mlffbench.report.tables.table import EMPTY, Cell, Column, Row, Table, interval_cell, records
from mlffbench.report.wording import MISSING

__all__ = ["reproduced_tables"]

HOW_TO_READ = (
    "Reproduced: the 95 % interval of the measured error holds the published number, as it is rounded, and "
    "its half-width is at most twice the tolerance. Within tolerance: not so, and the error deviates by no "
    "more than the tolerance. Not decided: it deviates by more, and the interval holds the published number, "
    "too wide to tell. Missed: it deviates by more, to either side, and the interval does not hold the "
    "number. Exempt: the suite says why it cannot be reproduced here, and the exit code of 'mlffbench "
    "reproduce' does not count it."
)
METRICS = {"rmse": "RMSE", "mae": "MAE"}


def reproduced_tables(results: Results) -> list[Table]:
    """Verdicts on the published errors, reasons of those not reproduced, protocols; none without any."""
    errors = reproduced(results)
    tables = [_verdicts(errors), _reasons(errors), _protocols(protocols(results))]
    return [table for table in tables if table.rows]


def _verdicts(errors: pd.DataFrame) -> Table:
    names = ("published", "measured", "deviation", "tolerance", "verdict")
    rows = [Row([*_words(error), *_numbers(error)]) for error in records(errors)]
    columns = [Column("method"), Column("error"), *map(Column, names)]
    sources = dict.fromkeys(
        f"{m}: {s}" for m, s in zip(errors["published method"], errors["source"], strict=True)
    )
    caption = " ".join([HOW_TO_READ, "Published:", "; ".join(sources)])
    return Table("reproduced", "Published errors, measured again", columns, rows, caption, words=2)


def _words(error: dict[str, Any]) -> Iterator[Cell]:
    """Method and error in words."""
    own, row = error["published method"], error["method"]
    yield Cell(f"{own} ({row})" if row and row != own else own)
    metric = METRICS.get(error["metric"], error["metric"])
    quantity = QUANTITIES[error["quantity"]]
    yield Cell(f"{error['data']}, {error['test']}: {quantity} {metric}, {error['unit']}")


def _numbers(error: dict[str, Any]) -> Iterator[Cell]:
    published, value = error["published"], error["measured"]
    decimals = max(0, round(-np.log10(2 * error["rounding"])))
    yield Cell(f"{published:.{decimals}f}", published)
    yield interval_cell(value, error["low"], error["high"])
    deviation = 100 * (value / published - 1)
    yield Cell(f"{deviation:+.0f} %".replace("-", "−"), deviation) if np.isfinite(deviation) else EMPTY
    yield Cell(f"±{100 * error['tolerance']:g} %", error["tolerance"])
    counts = error["verdict"] not in LACKING or not error["exempt"]
    yield Cell(error["verdict"] if counts else f"{error['verdict']}, exempt")


def _reasons(errors: pd.DataFrame) -> Table:
    """Table of the errors that were not reproduced; those of one reason share a row."""
    lacking = errors[errors["verdict"].isin(LACKING)]
    texts: dict[tuple[str, ...], list[str]] = {}
    for error in records(lacking):
        method, which = _words(error)
        texts.setdefault((method.text, error["verdict"], error["reason"]), []).append(which.text)
    rows = [
        Row([Cell(method), Cell("; ".join(which)), Cell(verdict), Cell(reason)])
        for (method, verdict, reason), which in texts.items()
    ]
    columns = [Column(name) for name in ("method", "error", "verdict", "reason")]
    return Table("reproduced-reasons", "Not reproduced, and why", columns, rows, words=4)


def _protocols(settings: pd.DataFrame) -> Table:
    names = ("published method", "setting", "published", "here", "agreement")
    rows = [Row([Cell(row[name] or MISSING) for name in names]) for row in records(settings)]
    columns = [Column("method"), *map(Column, names[1:])]
    caption = (
        "Not stated: the source of our numbers does not give the setting. Unknown: there is no result yet."
    )
    return Table(
        "reproduced-protocols", "Protocol as published and here", columns, rows, caption, words=5, detail=True
    )
