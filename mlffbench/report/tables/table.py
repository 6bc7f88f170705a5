"""Tables of text: what every renderer draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from mlffbench.report import wording
from mlffbench.report.dataframes.scores import number

__all__ = ["Cell", "Row", "Table", "cell", "interval", "known", "records"]


class Cell(NamedTuple):
    """A text and the number it is sorted by (NaN: last)."""

    text: str
    order: float = float("nan")


class Row(NamedTuple):
    """Cells; a failed method's numbers give way to its failure's kind and message."""

    cells: list[Cell]
    failure: tuple[str, str] | None = None


@dataclass(frozen=True)
class Table:
    """A title, columns as (name, unit), rows, a caption; the first `words` columns hold words.

    A table that is a `detail` is left out where there is little room: in a terminal.
    """

    title: str
    columns: list[tuple[str, str]]
    rows: list[Row]
    caption: str = ""
    words: int = 1
    detail: bool = False


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as dictionaries."""
    return [{str(k): v for k, v in record.items()} for record in frame.to_dict("records")]


def known(frame: pd.DataFrame, column: str) -> bool:
    """Whether the column has any number."""
    return column in frame and bool(frame[column].notna().any())


def cell(text: Callable[[float], str], value: Any) -> Cell:
    """A number as a text that sorts by the number."""
    return Cell(text(number(value)), number(value))


def interval(value: float, low: float, high: float) -> Cell:
    """A number and its interval."""
    return Cell(wording.with_interval(value, low, high), value)
