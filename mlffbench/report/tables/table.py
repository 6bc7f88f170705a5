"""Tables of text, which every format draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from mlffbench.report import wording
from mlffbench.report.dataframes.records import records
from mlffbench.report.quantities.catalogue import known_quantity
from mlffbench.report.results import number

__all__ = [
    "EMPTY",
    "Cell",
    "Column",
    "Row",
    "Table",
    "has_numbers",
    "interval_cell",
    "marked",
    "measured_column",
    "number_cell",
    "records",
]


class Column(NamedTuple):
    """The name and the unit at the head of a column; the method, if its cells are one method's; a tooltip."""

    name: str
    unit: str = ""
    method: str = ""
    tip: str = ""


def measured_column(name: str, unit: str, *names: str) -> Column:
    """Column of a quantity of the registry, by task, quantity and metric; its sentence is the tooltip."""
    return Column(name, unit, tip=known_quantity(*names).sentence)


class Cell(NamedTuple):
    """A text, the number that it is sorted by and a tooltip: NaN comes last, None sorts by the text."""

    text: str
    order: float | None = None
    tip: str = ""


EMPTY = Cell(wording.MISSING, float("nan"))  # no number was measured


class Row(NamedTuple):
    """Cells of a method, if they are one method's; a failure's kind and message stand in place of numbers."""

    cells: list[Cell]
    failure: tuple[str, str] | None = None
    method: str = ""


@dataclass(frozen=True)
class Table:
    """Cells of text under named columns, with a title and a caption.

    Attributes
    ----------
    id : str
        Names the table within the section of its problem.
    title : str
    columns : list of Column
    rows : list of Row
    caption : str
    words : int
        The first so many columns hold words, the others numbers.
    detail : bool
        A table of details is left out where there is little room: in a terminal.
    """

    id: str
    title: str
    columns: list[Column]
    rows: list[Row]
    caption: str = ""
    words: int = 1
    detail: bool = False


def has_numbers(frame: pd.DataFrame, column: str) -> bool:
    """True if the column holds a number that is not NaN."""
    return bool(frame[column].notna().any())


def number_cell(text: Callable[[float], str], value: Any) -> Cell:
    """A number as a text that sorts by the number."""
    return Cell(text(number(value)), number(value))


def interval_cell(value: float, low: float, high: float) -> Cell:
    """A number and its interval."""
    return Cell(wording.with_interval(value, low, high), value)


def marked(cell: Cell, doubtful: bool, mark: str = wording.LEAKY) -> Cell:
    """The cell of an error with a mark if its test group leaks, or of a time if it was measured apart."""
    return cell._replace(text=cell.text + mark) if doubtful and cell.text != wording.MISSING else cell
