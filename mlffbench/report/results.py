"""Results of a report: the documents grouped once, and their scores as one long data frame."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlffbench.harness.documents.parts import number
from mlffbench.harness.documents.valid_scores import UNITS
from mlffbench.report.frame_errors import Name, error_samples, no_sample
from mlffbench.report.grouping import group_documents
from mlffbench.report.problems import Document, Method, Problem
from mlffbench.report.quantities import errors
from mlffbench.report.quantities.catalogue import find_quantity
from mlffbench.report.statistics.counts import effective_trials
from mlffbench.report.statistics.estimates import Estimate, all_over_seeds
from mlffbench.report.statistics.samples import ErrorSample, over_clusters
from mlffbench.report.unfinished import UnfinishedCase

if TYPE_CHECKING:
    from mlffbench.harness.planning.plan import Suite

__all__ = ["QUANTITIES", "Results", "number"]

QUANTITIES = errors.NAMES  # errors on test groups, and their names in tables
KEYS = ["problem", "method", "task", "test", "quantity", "metric", "unit"]
NUMBERS = ["value", "low", "high", "predicted", "reference", "trials"]
NO_INTERVAL = "one measurement"
SAME = 1e-4  # relative difference of a score and of what the rounded sums of its errors give
LACKING = (math.nan,) * 6  # of a seed without the number


@dataclass(frozen=True, eq=False)
class Results:
    """Outcome documents, grouped by problem and method, with their scores.

    A report builds one of them and hands it to every data frame, table, figure and format.

    Attributes
    ----------
    documents : tuple of dict
        As they were given.
    problems : tuple of Problem
        In the order of their suite, where it is known (see `suite_order`), else of appearance.
    suites : tuple of Suite
        Those that the results folders keep.
    unfinished : tuple of UnfinishedCase
        Cases that the suite asks for and that have no document.
    rank_by : str
        Order of the rows of tables, see `mlffbench.report.verdict.merit`; '' for the default, the error.
    """

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    suites: tuple[Suite, ...] = ()
    unfinished: tuple[UnfinishedCase, ...] = ()
    rank_by: str = ""

    @classmethod
    def from_documents(cls, documents: Iterable[Document], suites: Iterable[Suite] = ()) -> Results:
        """Group outcome documents by problem and method."""
        documents = tuple(documents)
        return cls(documents, tuple(group_documents(documents)), tuple(suites))

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Means over the seeds, one row a problem, method, task, test, quantity, metric and unit.

        The columns value, low and high hold the mean and its 95 % interval (see
        `statistics.samples.over_clusters` and, without clusters, `statistics.estimates.over_seeds`),
        predicted and reference the numbers that a task compared (NaN without them), trials what a count or a
        share of a task is of, over all seeds (NaN: no count, or not known), effective the number of
        independent trials that these are worth (see `statistics.counts.effective_trials`), seeds their count,
        interval what the interval was taken over, reason why there is none, clusters the number of clusters
        of test frames (0: not known). Errors in eV are given in meV, scores of tasks in their own unit.
        """
        with np.errstate(all="ignore"):  # numbers of 1e308 become infinite, and are shown so
            return _mean_scores(self.problems, self.samples)

    @cached_property
    def samples(self) -> dict[tuple[str, ...], dict[Name, ErrorSample]]:
        """Errors on test groups by cluster of frames, in the units of documents, by problem and method."""
        pairs = ((problem.name, method) for problem, method in self.methods())
        return {(name, method.label): error_samples(method) for name, method in pairs}

    def methods(self) -> Iterator[tuple[Problem, Method]]:
        """Each method of each problem."""
        return ((problem, method) for problem in self.problems for method in problem.methods)


def _mean_scores(
    problems: Sequence[Problem], samples: Mapping[tuple[str, ...], Mapping[Name, ErrorSample]]
) -> pd.DataFrame:
    keys: list[tuple[str, ...]] = []
    numbers: list[list[tuple[float, ...]]] = []
    counts: list[int] = []
    for problem in problems:
        for method in problem.methods:
            for names, values in _numbers_of(method).items():
                keys.append((problem.name, method.label, *names))
                counts.append(len(values))
                numbers.append(values + [LACKING] * (_n_seeds(names, method) - len(values)))
    without = _reasons(problems)
    rows = []
    for key, values, count, estimate in zip(keys, numbers, counts, _estimates(numbers), strict=True):
        sample = samples.get(key[:2], {}).get(key[3:6]) if not key[2] else None
        own, clusters = _clustered(
            estimate, sample, key[6].startswith("m"), without.get((*key[:2], key[3]), "")
        )
        others = *_sides(values[:count]), *_trials(key[2:], values[:count])
        rows.append((*key, *own[:3], *others, count, own.interval, own.reason, clusters))
    numeric = [*NUMBERS, "effective"]
    frame = pd.DataFrame(rows, columns=[*KEYS, *numeric, "seeds", "interval", "reason", "clusters"])
    return frame.astype(dict.fromkeys(numeric, float))


def _clustered(
    estimate: Estimate, sample: ErrorSample | None, milli: bool, reason: str
) -> tuple[Estimate, int]:
    """The mean with its interval over clusters, where the documents have them, and their number.

    No interval of a test group whose frames are no sample, for the `reason` given.
    """
    factor = 1000.0 if milli else 1.0
    if sample is not None and sample.without and _is_of(sample, estimate.value / factor):
        own = over_clusters(sample)
        bounds = (factor * own.low, factor * own.high)
        return Estimate(estimate.value, *bounds, own.interval, own.reason), max(map(len, sample.without))
    if reason:
        return Estimate(estimate.value, math.nan, math.nan, "none", reason), 0
    if estimate.interval == "none" and not estimate.reason:
        return estimate._replace(reason=NO_INTERVAL if math.isfinite(estimate.value) else "not finite"), 0
    return estimate, 0


def _is_of(sample: ErrorSample, value: float) -> bool:
    """True for sums of errors that give the score itself."""
    return math.isclose(sample.value, value, rel_tol=SAME, abs_tol=1e-12)


def _reasons(problems: Sequence[Problem]) -> dict[tuple[str, ...], str]:
    """Why the frames of a test group are no sample, by problem, method and group."""
    return {
        (problem.name, method.label, test): no_sample(method, test)
        for problem in problems
        for method in problem.methods
        for test in problem.tests
    }


def _numbers_of(method: Method) -> dict[tuple[str, ...], list[tuple[float, ...]]]:
    """Numbers of each seed by the names of a score."""
    numbers: dict[tuple[str, ...], list[tuple[float, ...]]] = {}
    for score in chain.from_iterable(method.scores):
        names, values = _in_milli(score)
        numbers.setdefault(names, []).append(values)
    return numbers


def _in_milli(score: dict[str, Any]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Names (`KEYS` from the task on) and `NUMBERS`; errors on test groups in meV instead of eV."""
    get, quantity = score.get, str(score["quantity"])
    unit = str(get("unit") or "")
    milli = quantity in QUANTITIES and unit.startswith("eV")
    factor = 1000.0 if milli else 1.0
    names = str(get("task", "")), str(get("test", "")), quantity, str(get("metric", ""))
    return (*names, f"m{unit}" if milli else unit), tuple(factor * number(get(key)) for key in NUMBERS)


def _n_seeds(names: tuple[str, ...], method: Method) -> int:
    """Seeds that a mean is over: of an error on a test group all, as those that have it would flatter."""
    task, _, quantity, *_ = names
    return len(method.done) if not task and quantity in UNITS else 0


def _estimates(numbers: Sequence[Sequence[tuple[float, ...]]]) -> list[Estimate]:
    """Means over the seeds and their intervals; those of equally many seeds are computed at once."""
    places: dict[int, list[int]] = {}
    for place, values in enumerate(numbers):
        places.setdefault(len(values), []).append(place)
    estimates: dict[int, Estimate] = {}
    for own in places.values():
        each = np.array([[values[:3] for values in numbers[place]] for place in own])
        columns = (np.ascontiguousarray(each[:, :, k]) for k in range(3))
        estimates |= dict(zip(own, all_over_seeds(*columns), strict=True))
    return [estimates[place] for place in range(len(numbers))]


def _sides(values: Sequence[tuple[float, ...]]) -> tuple[float, float]:
    """Means of the predicted and of the reference number; NaN where the first seed has none."""
    predicted, reference = ([row[k] for row in values] for k in (3, 4))
    return _mean_side(predicted), _mean_side(reference)


def _trials(names: Sequence[str], values: Sequence[tuple[float, ...]]) -> tuple[float, float]:
    """Trials of all seeds and their effective number; NaN where a seed has none."""
    trials = [row[5] for row in values]
    task, _, quantity, metric, _ = names
    entry = find_quantity(task, quantity, metric) if all(own >= 1 for own in trials) else None
    if entry is None or entry.counted != "trials":
        return math.fsum(trials), math.nan
    shares = [row[0] if entry.is_share else row[0] / row[5] for row in values]
    return math.fsum(trials), effective_trials(shares, trials)


def _mean_side(values: Sequence[float]) -> float:
    return values[0] if math.isnan(values[0]) else float(np.mean(values))
