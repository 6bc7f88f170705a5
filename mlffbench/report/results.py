"""Results of a report: the documents grouped once, and their scores as one long data frame."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.harness.documents.parts import number
from mlffbench.harness.documents.valid_scores import UNITS
from mlffbench.report.grouping import group_documents
from mlffbench.report.problems import Document, Method, Problem
from mlffbench.report.statistics import over_seeds

__all__ = ["QUANTITIES", "Results", "number"]

QUANTITIES = {  # errors on test groups, and their names in tables
    "forces": "force",
    "energy_per_atom": "energy",
    "energy_per_atom_shifted": "shifted energy",
    "energy": "cell energy",
    "energy_shifted": "shifted cell energy",
    "stress": "stress",
}
KEYS = ["problem", "method", "task", "test", "quantity", "metric", "unit"]
NUMBERS = ["value", "low", "high", "predicted", "reference"]


@dataclass(frozen=True, eq=False)
class Results:
    """Outcome documents, grouped by problem and method, with their scores.

    A report builds one of them and hands it to every data frame, table, figure and format.

    Attributes
    ----------
    documents : tuple of dict
        As they were given.
    problems : tuple of Problem
        In order of appearance.
    """

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]

    @classmethod
    def from_documents(cls, documents: Iterable[Document]) -> Results:
        """Group outcome documents by problem and method."""
        documents = tuple(documents)
        return cls(documents, tuple(group_documents(documents)))

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Means over the seeds, one row a problem, method, task, test, quantity, metric and unit.

        The columns value, low and high hold the mean and its 95 % interval (see `statistics.over_seeds`),
        predicted and reference the numbers that a task compared (NaN without them), seeds their count,
        interval what the interval was taken over. Errors in eV are given in meV, scores of tasks in their own
        unit.
        """
        with np.errstate(all="ignore"):  # numbers of 1e308 become infinite, and are shown so
            return _mean_scores(self.problems)

    def methods(self) -> Iterator[tuple[Problem, Method]]:
        """Each method of each problem."""
        return ((problem, method) for problem in self.problems for method in problem.methods)


def _mean_scores(problems: Sequence[Problem]) -> pd.DataFrame:
    seeds: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for problem in problems:
        for method in problem.methods:
            for score in _scores(problem, method):
                seeds.setdefault(tuple(score[key] for key in KEYS), []).append(score)
    n_seeds = {
        (problem.name, method.label): len(method.done) for problem in problems for method in problem.methods
    }
    means = [
        {**dict(zip(KEYS, key, strict=True)), **_mean(scores, n_seeds[key[0], key[1]])}
        for key, scores in seeds.items()
    ]
    frame = pd.DataFrame(means, columns=[*KEYS, *NUMBERS, "seeds", "interval"])
    return frame.astype(dict.fromkeys(NUMBERS, float))


def _scores(problem: Problem, method: Method) -> Iterator[dict[str, Any]]:
    for scores in method.scores:
        for score in scores:
            yield {"problem": problem.name, "method": method.label, **_in_milli(score)}


def _in_milli(score: dict[str, Any]) -> dict[str, Any]:
    """The score with its numbers as floats; errors on test groups in meV instead of eV."""
    unit = str(score.get("unit") or "")
    milli = score["quantity"] in QUANTITIES and unit.startswith("eV")
    factor = 1000.0 if milli else 1.0
    numbers = {key: factor * number(score.get(key)) for key in NUMBERS}
    texts = {key: str(score.get(key, "")) for key in ("task", "test", "quantity", "metric")}
    return {**texts, **numbers, "unit": f"m{unit}" if milli else unit}


def _mean(scores: Sequence[dict[str, Any]], n_seeds: int) -> dict[str, Any]:
    """Means over the seeds, and the interval of the value.

    An error on a test group that some seeds lack has no mean, as the others would flatter.
    """
    numbers = [[score[key] for score in scores] for key in ("value", "low", "high")]
    if not scores[0]["task"] and scores[0]["quantity"] in UNITS:
        numbers = [values + [np.nan] * (n_seeds - len(scores)) for values in numbers]
    with np.errstate(invalid="ignore"):  # the mean of inf and −inf
        sides = {key: _mean_side([score[key] for score in scores]) for key in ("predicted", "reference")}
        return {**over_seeds(*numbers)._asdict(), **sides, "seeds": len(scores)}


def _mean_side(values: Sequence[float]) -> float:
    """The mean; NaN where one is NaN."""
    return values[0] if math.isnan(values[0]) else float(np.mean(values))
