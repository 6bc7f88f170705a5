"""Expected durations of cases: from cases that have finished, and from budgets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from statistics import fmean
from typing import Any

from mlffbench.harness.budget import within
from mlffbench.harness.case import Case

__all__ = ["Durations", "budget", "seconds_of"]

Key = tuple[str, ...]


class Durations:
    """Seconds that cases have taken, and what they say about other cases.

    The likest case counts: the same method on the same data, then the budget of the method (``max_seconds``),
    then the method on other data, then the mean of all.

    Parameters
    ----------
    documents : iterable of mapping
        Of cases that have finished earlier.
    time_limit : float or None
        Most seconds of a case.
    """

    def __init__(self, documents: Iterable[Mapping[str, Any]] = (), time_limit: float | None = None) -> None:
        self.time_limit = time_limit
        self._seconds: dict[Key, list[float]] = defaultdict(list)
        for document in documents:
            seconds = seconds_of(document)
            if document["status"] == "ok" and seconds is not None:
                self._add(_keys(document["case"]), seconds)

    def add(self, case: Case, seconds: float) -> None:
        """Learn from a case that has finished well."""
        self._add(_keys(case.to_json()), seconds)

    def _add(self, keys: Iterable[Key], seconds: float) -> None:
        for key in keys:
            self._seconds[key].append(seconds)

    def expected(self, case: Case) -> float | None:
        """Expected seconds of a case; None if nothing is known."""
        *like, method, any_case = _keys(case.to_json())
        known = [fmean(self._seconds[key]) for key in like if key in self._seconds]
        known += [seconds for seconds in (budget(case),) if seconds is not None]
        known += [fmean(self._seconds[key]) for key in (method, any_case) if key in self._seconds]
        if not known:
            return None
        return known[0] if self.time_limit is None else min(known[0], self.time_limit)


def budget(case: Case) -> float | None:
    """Seconds that the fit of a case may take; None without a budget."""
    seconds = within(case.estimator, case.budget).params.get("max_seconds")
    return float(seconds) if isinstance(seconds, int | float) and not isinstance(seconds, bool) else None


def _keys(case: Mapping[str, Any]) -> Iterator[Key]:
    """What is alike in cases, from all but the seed to nothing."""
    method, data = str(case["estimator"]), str(case["dataset"])
    yield method, data, str(case["split"]), str(case.get("tasks"))
    yield method, data
    yield (case["estimator"]["name"],)
    yield ()


def seconds_of(document: Mapping[str, Any]) -> float | None:
    """Seconds of a whole case; of an older document, those of the fit."""
    timings = document.get("timings") or {}
    return (timings.get("case") or timings.get("fit") or {}).get("seconds")
