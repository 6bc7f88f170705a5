"""Comparison of the methods of a report over its problems: mean ranks, tests, robustness of the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.results import Results
from mlffbench.report.statistics.across_problems import FEWEST, AcrossProblems, across_problems
from mlffbench.report.statistics.robustness import Robustness, robustness
from mlffbench.report.verdict.board import Board
from mlffbench.report.verdict.merit import worst_group
from mlffbench.report.wording import plain, with_interval

__all__ = ["METRICS", "RANGES", "RULE", "OverProblems", "listed", "over_problems"]

RULE = (
    "A method that lacks an error on one of the problems has no mean rank and takes part in no test: it is "
    "not given the worst rank, and no problem is dropped for it."
)
RANGES = {  # of places, and the attributes of `Robustness`
    "one problem left out": "without_problem",
    "one error left out": "without_metric",
    "random weights": "random_weights",
}
NAMED = 4  # methods or problems in a sentence; of more their number


@dataclass(frozen=True, eq=False)
class OverProblems:
    """Comparison of the methods as they are by default, or of the tuned ones where there are no others.

    Attributes
    ----------
    problems, methods : tuple of str
        All of them; methods in the order in which they appear.
    ranking : AcrossProblems
        By the errors that rank the methods of each problem.
    order : Robustness
        By all of `metrics`.
    metrics : tuple of str
        Of the error that ranks, the energy error and that on the worst group those that a problem has.
    """

    problems: tuple[str, ...]
    methods: tuple[str, ...]
    ranking: AcrossProblems
    order: Robustness
    metrics: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The first method, those that are not told apart from it, and why there is no test or no rank."""
        if len(self.problems) < 2:
            return (
                "One problem: there are no ranks across problems. Mean ranks need two problems, a test, "
                f"intervals and a diagram {FEWEST}."
            )
        return " ".join(part for part in (self._first(), self._test(), self._missing()) if part)

    def _first(self) -> str:
        found = self.ranking
        if not found.methods:
            return "No method has an error on every problem."
        low, high = found.bounds[0]
        interval = with_interval(float(found.mean_ranks[0]), low, high, 1.0, float(len(found.methods)))
        return f"First over {found.n_problems} problems: {found.methods[0]}, mean rank {interval}."

    def _test(self) -> str:
        found = self.ranking
        if found.reason:
            return f"{found.reason[0].upper()}{found.reason[1:]}."
        alike = found.cliques[0][1:] if found.cliques and found.cliques[0][0] == 0 else ()
        others = [found.methods[i] for i in alike]
        apart = f"Not told apart from it: {listed(others)}" if others else "Told apart from all others"
        test = "Friedman's" if len(found.methods) > 2 else "Wilcoxon's"
        return (
            f"{apart} (Nemenyi's critical difference {plain(found.critical_difference)}; {test} test of all: "
            f"p = {plain(found.p_value)})."
        )

    def _missing(self) -> str:
        each = [f"{method} ({listed(names)})" for method, names in self.ranking.missing.items()]
        return f"Without a mean rank, as errors are missing: {listed(each, 8)}." if each else ""


def listed(names: Sequence[str], most: int = NAMED) -> str:
    """``a, b, c``; of many the first and the number of the others."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} others"


@lru_cache(maxsize=1)
def over_problems(results: Results) -> OverProblems:
    """Compare the methods over all problems by their ranks on the groups that rank."""
    frames = Frames.from_results(results)
    boards = [Board(problem, frames.of_problem(problem.name)) for problem in results.problems]
    names = [problem.name for problem in results.problems]
    methods = _methods(results)
    cells = {
        (name, metric): [number(board, label) if label in board.ranked.index else np.nan for label in methods]
        for name, board in zip(names, boards, strict=True)
        for metric, number in METRICS.items()
    }
    errors = np.array([cells[name, RANKING] for name in names])
    measured = {cell: numbers for cell, numbers in cells.items() if np.isfinite(numbers).any()}
    ranking, order = across_problems(errors, methods, names), robustness(measured, methods)
    metrics = tuple(dict.fromkeys(metric for _, metric in measured))
    return OverProblems(tuple(names), methods, ranking, order, metrics)


def _methods(results: Results) -> tuple[str, ...]:
    """Labels of the methods that are ranked with each other."""
    tuned = {method.label: method.is_tuned for _, method in results.methods()}
    default = tuple(label for label, is_tuned in tuned.items() if not is_tuned)
    return default or tuple(tuned)


def _error(board: Board, label: str) -> float:
    """Error that ranks, on the reference group."""
    return board.ranking_error(label, str(board.problem.reference))


def _energy_error(board: Board, label: str) -> float:
    """Energy error on the reference group, where the forces rank."""
    if board.quantity == "energy_per_atom":
        return np.nan
    return board.number(label, str(board.problem.reference), "energy_per_atom")[0]


def _worst(board: Board, label: str) -> float:
    """Largest of the errors that rank on a named test group."""
    test = worst_group(board, label)
    return np.nan if test is None else board.ranking_error(label, test)


RANKING = "in-domain error"
METRICS = {RANKING: _error, "energy error": _energy_error, "worst group": _worst}
