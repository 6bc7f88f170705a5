"""Comparison of the methods of a report over its problems: mean ranks, tests, robustness of the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mlffbench.report.contrast import DATASET
from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.problems import Problem, spec_text
from mlffbench.report.results import Results
from mlffbench.report.statistics.across_problems import FEWEST, AcrossProblems, across_problems
from mlffbench.report.statistics.robustness import Robustness, robustness
from mlffbench.report.verdict.board import Board
from mlffbench.report.verdict.merit import worst_group
from mlffbench.report.wording import plain, with_interval

__all__ = ["METRICS", "RANGES", "RULE", "OverProblems", "dataset_numbers", "listed", "over_problems"]

RULE = (
    "A method that lacks an error on one of the problems has no mean rank and takes part in no test: it is "
    "not given the worst rank, and no problem is dropped for it."
)
RANGES = {  # of places, and the attributes of `Robustness`
    "one dataset left out": "without_dataset",
    "one error left out": "without_metric",
    "random weights": "random_weights",
}
NAMED = 4  # methods or problems in a sentence; of more their number
SELECTING = ("fold", "groups", "train", "tests")  # parameters of datasets that select frames of the same data


@dataclass(frozen=True, eq=False)
class OverProblems:
    """Comparison of the methods as they are by default, or of the tuned ones where there are no others.

    Attributes
    ----------
    problems, methods : tuple of str
        All of them; methods in the order in which they appear.
    ranking : AcrossProblems
        By the errors that rank the methods of each problem; problems on the same data as `dataset_numbers`
        finds them.
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
                f"intervals and a diagram {FEWEST} datasets."
            )
        return " ".join(part for part in (self._first(), self._test(), self._missing()) if part)

    def _first(self) -> str:
        found = self.ranking
        if not found.methods:
            return "No method has an error on every problem."
        low, high = found.bounds[0]
        interval = with_interval(float(found.mean_ranks[0]), low, high, 1.0, float(len(found.methods)))
        return f"First over {self._problems()}: {found.methods[0]}, mean rank {interval}."

    def _problems(self) -> str:
        """Number of problems, and of datasets where some share their data."""
        k, n = len(self.problems), self.ranking.n_datasets
        if k == n:
            return f"{k} problems, each on a dataset of its own"
        data = f"{n} datasets" if n > 1 else "one dataset"
        return f"{k} problems on {data} (ranks on the same data are averaged, a dataset counts once)"

    def _test(self) -> str:
        found = self.ranking
        if found.reason:
            return f"{found.reason[0].upper()}{found.reason[1:]}."
        alike = found.cliques[0][1:] if found.cliques and found.cliques[0][0] == 0 else ()
        others = [found.methods[i] for i in alike]
        rest = "all others" if len(found.methods) > 2 else found.methods[1]
        apart = f"Not told apart from it: {listed(others)}" if others else f"Told apart from {rest}"
        p = f"p = {plain(found.p_value)}"
        if len(found.methods) == 2:
            return f"{apart} (Wilcoxon's test: {p})."
        difference = f"Nemenyi's critical difference {plain(found.critical_difference)}"
        pairs = difference if np.isfinite(found.critical_difference) else "so no pair is tested"
        return f"{apart} (Friedman's test of all: {p}; {pairs})."

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
    """Compare the methods over all problems by their ranks on the groups that rank; a dataset counts once."""
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
    data = dataset_numbers(results.problems)
    ranking = across_problems(errors, methods, names, data)
    order = robustness(measured, methods, dict(zip(names, data, strict=True)))
    metrics = tuple(dict.fromkeys(metric for _, metric in measured))
    return OverProblems(tuple(names), methods, ranking, order, metrics)


def dataset_numbers(problems: Sequence[Problem]) -> list[int]:
    """Number of the dataset of each problem.

    It is the same for problems whose datasets have the same name and parameters (but those that select frames
    of the same data, as a fold), or the same digest of structures and labels, whatever their splits.
    """
    numbers: dict[str, int] = {}
    keys = [_data_keys(problem) for problem in problems]
    for place, own in enumerate(keys):
        known = {numbers[key] for key in own if key in numbers}
        number = min(known, default=place)
        numbers |= dict.fromkeys(own, number)
        if len(known) > 1:
            numbers = {key: number if old in known else old for key, old in numbers.items()}
    return [numbers[own[0]] for own in keys]


def _data_keys(problem: Problem) -> list[str]:
    """Name of the dataset with its parameters, and digests of its structures and labels."""
    spec = problem.documents[0]["case"]["dataset"]
    params = {name: value for name, value in (spec.get("params") or {}).items() if name not in SELECTING}
    digests = (DATASET(document) or document["case"].get("data_digest") for document in problem.documents)
    return [spec_text({**spec, "params": params}), *{str(digest) for digest in digests if digest}]


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
