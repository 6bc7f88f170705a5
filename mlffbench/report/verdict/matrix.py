"""Matrix of methods and problems: error, range of ranks and shade of every method on every problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.dataframes.records import records
from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.results import Results
from mlffbench.report.unfinished import UnfinishedCase
from mlffbench.report.verdict.board import Board
from mlffbench.report.verdict.over_problems import over_problems
from mlffbench.report.wording import LEAKY

__all__ = ["RULE", "Matrix", "MatrixCell", "MatrixColumn", "MatrixRow", "matrix"]

State = Literal["measured", "unranked", "failed", "running", "waiting", "absent"]
NOT_TRIED = "–"
RULE = (
    "Mean rank: that of Across problems; a method without a rank on one of the problems, as it failed, left "
    "out a test group or was not tried, has none. Rows are in the order of the mean ranks, then follow those "
    "without one, most ranks first, and of equally many in the order of the leaderboards."
)


@dataclass(frozen=True)
class MatrixColumn:
    """A problem: its test group and quantity that rank, and the unit of the errors."""

    problem: str
    test: str
    quantity: str
    unit: str


@dataclass(frozen=True)
class MatrixCell:
    """A method on a problem.

    Attributes
    ----------
    state : str
        ``measured``; ``unranked``: an error without a rank; ``failed``; ``running`` or ``waiting``: no seed
        has finished; ``absent``: not tried.
    text : str
        Words for a cell without an error: ``out of memory``, ``running``.
    value, low, high : float
        Error and its 95 % interval, in the unit of the column; NaN where there is none.
    best_rank, worst_rank : int or None
        Range of ranks; of tuned methods among the tuned ones.
    shade : float or None
        ln(error / least) over ln(largest / least) of the column: 0 for the least error, 1 for the largest.
    marks : tuple of str
        ``‡`` for an error that copies in the training set flatter.
    """

    state: State
    text: str = ""
    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    best_rank: int | None = None
    worst_rank: int | None = None
    shade: float | None = None
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class MatrixRow:
    """A method: its cells in the order of the columns, mean rank and the number of problems with a rank.

    `mean_rank` is that of `over_problems`, NaN for a method that lacks a rank.
    """

    method: str
    family: str
    tuned: bool
    cells: tuple[MatrixCell, ...]
    mean_rank: float
    n_ranked: int


@dataclass(frozen=True)
class Matrix:
    """Columns are problems in the suite's order, rows are methods, default ones before tuned ones."""

    columns: tuple[MatrixColumn, ...]
    rows: tuple[MatrixRow, ...]
    rule: str = RULE


@lru_cache(maxsize=1)
def matrix(results: Results, frames: Frames) -> Matrix:
    """Gather the errors on the groups that rank, with the ranks of the leaderboards.

    Parameters
    ----------
    frames : Frames
        Of all problems.
    """
    boards = [Board(problem, frames.of_problem(problem.name)) for problem in results.problems]
    columns = tuple(_column(board) for board in boards)
    places = [_shaded(_cells(board, results.unfinished)) for board in boards]
    labels = dict.fromkeys(label for cells in places for label in cells)
    ranking = over_problems(results).ranking
    means = dict(zip(ranking.methods, ranking.mean_ranks.tolist(), strict=True))
    rows = [_row(label, boards, places, means.get(label, np.nan)) for label in labels]
    rows.sort(key=lambda row: (row.tuned, means.get(row.method, np.inf), -row.n_ranked))
    return Matrix(columns, tuple(rows))


def _column(board: Board) -> MatrixColumn:
    problem = board.problem
    return MatrixColumn(problem.name, problem.reference or "", board.quantity, SHOWN[board.quantity][1])


def _cells(board: Board, unfinished: Sequence[UnfinishedCase]) -> dict[str, MatrixCell]:
    """Cells of one problem by method; of a method with finished seeds, unfinished ones do not show."""
    leaderboard = records(board.frames.leaderboard)
    cells = {str(row["method"]): _cell(board, row) for row in leaderboard}
    for case in unfinished:
        if case.problem == board.problem.name and case.method not in cells:
            cells[case.method] = MatrixCell(case.state, case.state)
    return cells


def _cell(board: Board, row: Mapping[Any, Any]) -> MatrixCell:
    label = str(row["method"])
    if row["status"] == "failed":
        return MatrixCell("failed", str(row["failure kind"]))
    value, low, high = board.interval(label)
    marks = (LEAKY,) if board.problem.reference in board.problem.leaks else ()
    if np.isnan(row["rank"]):
        gaps = board.problem.gaps.get(label)
        words = f"without {', '.join(gaps)}" if gaps else ""
        return MatrixCell("unranked", words, value, low, high, marks=marks)
    ranks = int(row["best rank"]), int(row["worst rank"])
    return MatrixCell("measured", "", value, low, high, *ranks, marks=marks)


def _shaded(cells: Mapping[str, MatrixCell]) -> dict[str, MatrixCell]:
    """The cells with the shades of their errors."""
    errors = [cell.value for cell in cells.values() if np.isfinite(cell.value) and cell.value > 0]
    if not errors:
        return dict(cells)
    least, width = min(errors), np.log(max(errors) / min(errors))
    return {label: replace(cell, shade=_shade(cell.value, least, width)) for label, cell in cells.items()}


def _shade(value: float, least: float, width: float) -> float | None:
    if np.isnan(value):
        return None
    if value <= least:
        return 0.0
    return min(float(np.log(value / least) / width), 1.0) if np.isfinite(value) and width > 0 else 1.0


def _row(
    label: str,
    boards: Sequence[Board],
    places: Sequence[Mapping[str, MatrixCell]],
    mean_rank: float,
) -> MatrixRow:
    cells = tuple(own.get(label, MatrixCell("absent", NOT_TRIED)) for own in places)
    owners = [board for board in boards if label in board.methods]
    return MatrixRow(
        label,
        owners[0].family(label) if owners else "",
        any(board.methods[label].is_tuned for board in owners),
        cells,
        mean_rank,
        sum(cell.best_rank is not None for cell in cells),
    )
