"""Orders of merit of the methods of a problem: by error, worst group, tasks, or cost at equal error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mlffbench.report.conditions import timed_apart
from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.problems import Problem
from mlffbench.report.verdict.board import BASELINE, Board
from mlffbench.report.verdict.sentences import NEAR
from mlffbench.report.verdict.task_summary import TaskSummary, task_summary
from mlffbench.report.wording import MISSING, plain, with_interval

__all__ = ["Merit", "merits", "summary_and_orders", "worst_group"]


@dataclass(frozen=True)
class Merit:
    """Value of a method in one order of merit, its text, and its place, which equal values share.

    `value` is the smaller the better, NaN (and `place` None) for a method that has none, last in the order.
    """

    method: str
    value: float
    text: str
    place: int | None


def merits(board: Board, summary: TaskSummary) -> dict[str, tuple[Merit, ...]]:
    """Order the ranked methods of a problem in every way.

    Returns
    -------
    dict of str to tuple of Merit
        By the names of `orders.ORDERS` and `orders.MORE`; an order in which no method has a value is left
        out. Methods whose hyperparameters were searched are not among them where others are ranked.
    """
    values: dict[str, Callable[[str], tuple[float, str]]] = {
        "in-domain error": lambda label: _error(board, label),
        "worst group": lambda label: _worst(board, label),
        "tasks passed": lambda label: _tasks(summary, label),
        "cost at equal error": _costs(board),
        "energy error": lambda label: _energy(board, label),
        "fit time": _measured(board, "fit_time", timed=True),
        "prediction time": _measured(board, "prediction_time", timed=True),
        "peak memory": _measured(board, "peak_memory", timed=False),
    }
    orders = {name: _ordered(board, value) for name, value in values.items()}
    return {name: order for name, order in orders.items() if any(merit.place for merit in order)}


@lru_cache(maxsize=128)
def summary_and_orders(
    problem: Problem, frames: Frames
) -> tuple[TaskSummary, Mapping[str, tuple[Merit, ...]]]:
    """Summary of the tasks of a problem, and its orders of merit; computed once for all formats."""
    summary = task_summary(problem, frames.tasks, list(frames.leaderboard["method"]))
    return summary, merits(Board(problem, frames), summary)


def worst_group(board: Board, label: str) -> str | None:
    """Test group on which a method has its largest error in the quantity that ranks.

    None for a method that left out a group which another has: its worst would be too good.
    """
    groups = [t for t in board.problem.tests if np.isfinite(board.ranking_error(label, t))]
    if label in board.problem.gaps or len(groups) < 2:
        return None
    return max(groups, key=lambda test: board.ranking_error(label, test))


def _error(board: Board, label: str) -> tuple[float, str]:
    return board.error(label), with_interval(*board.interval(label))


def _worst(board: Board, label: str) -> tuple[float, str]:
    test = worst_group(board, label)
    if test is None:
        return np.nan, MISSING
    return board.error(label, test), f"{with_interval(*board.interval(label, test))} on {test}"


def _energy(board: Board, label: str) -> tuple[float, str]:
    numbers = board.number(label, str(board.problem.reference), "energy_per_atom")
    return numbers[0], with_interval(*numbers)


def _measured(board: Board, cost: str, timed: bool) -> Callable[[str], tuple[float, str]]:
    """Costs of the methods; times of those alone that were timed like most others."""
    costs = board.frames.costs.set_index("method")[cost].astype(float)
    apart = timed_apart(board.problem) if timed else ()

    def value(label: str) -> tuple[float, str]:
        if label in apart:
            return np.nan, "timed under other conditions"
        number = float(costs.get(label, np.nan))
        return number, plain(number)

    return value


def _tasks(summary: TaskSummary, label: str) -> tuple[float, str]:
    """Minus the number of tasks passed."""
    row = summary.row(label)
    if row is None or not summary.tasks:
        return np.nan, MISSING
    return -float(row.n_passed), f"{row.n_passed} of {len(summary.tasks)}"


def _costs(board: Board) -> Callable[[str], tuple[float, str]]:
    """Prediction times of the methods near the best."""
    limit = NEAR * board.error(board.best) if board.best is not None else np.nan
    apart = timed_apart(board.problem)

    def value(label: str) -> tuple[float, str]:
        if board.family(label) == BASELINE:
            return np.nan, "the baseline"
        if label in apart:
            return np.nan, "timed under other conditions"
        if not board.error(label) <= limit:
            return np.nan, "more than twice the least error"
        return board.cost(label), plain(board.cost(label))

    return value


def _ordered(board: Board, value: Callable[[str], tuple[float, str]]) -> tuple[Merit, ...]:
    """Methods by their values, those without one last, each part in the order of ranks."""
    known = {str(label): value(str(label)) for label in board.ranked.index}
    numbers = [number for number, _ in known.values() if not np.isnan(number)]
    place = lambda number: None if np.isnan(number) else 1 + sum(other < number for other in numbers)
    listed = [Merit(label, number, text, place(number)) for label, (number, text) in known.items()]
    return tuple(sorted(listed, key=lambda merit: merit.place or len(listed) + 1))
