"""Comparison of two sides as one value: changed errors, tasks, times and circumstances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.comparison.circumstances import changed_circumstances, timed_alike
from mlffbench.report.comparison.errors import compare_errors
from mlffbench.report.comparison.one_sided import LOST, is_timed, number_title, one_sided_lines
from mlffbench.report.comparison.pairs import Pair, Pairs, Side, pair_rows
from mlffbench.report.comparison.tasks import compare_tasks
from mlffbench.report.dataframes.costs import COSTS, costs
from mlffbench.report.problems import Problem
from mlffbench.report.results import Results
from mlffbench.report.statistics.paired import ROPE, WORSE

__all__ = ["Comparison", "compare_sides"]

TIMES = ("fit_time", "prediction_time", "peak_memory")


@dataclass(frozen=True, eq=False)
class Comparison:
    """What differs between two sides, a and b.

    Attributes
    ----------
    pairs : Pairs
    circumstances : list of (str, str, str)
        Facts that differ, and their values on both sides.
    errors, tasks : DataFrame
        See `compare_errors` and `compare_tasks`.
    times : DataFrame
        Columns problem, method, quantity, unit, a, b, percent, comparable (False where machine or settings
        differ). One measurement each: no interval.
    rope : mapping of str to float
        Half width of the region of practical equivalence by quantity, eV/Å and eV/atom.
    """

    pairs: Pairs
    circumstances: list[tuple[str, str, str]]
    errors: pd.DataFrame
    tasks: pd.DataFrame
    times: pd.DataFrame
    rope: Mapping[str, float]

    @property
    def numbers(self) -> pd.DataFrame:
        """Errors and numbers of tasks."""
        return pd.concat([own for own in (self.errors, self.tasks) if len(own)] or [self.errors])

    def worse(self, limit: float) -> list[str]:
        """Sentences on all that is worse on the side b.

        An error on a test group or a number of a task counts if it is significantly worse and by more than
        the `limit` (0.05: 5 %); times do not count. A number that b lost (see `one_sided`), and a row that
        failed, is not there or was tested on other frames count, too.
        """
        numbers = self.numbers
        timed = numbers["task"].map(is_timed).astype(bool)
        rows = numbers[(numbers["verdict"] == WORSE) & ~timed]
        beyond = rows[~(rows["percent"].abs() <= 100.0 * limit)]  # also where a is 0, or b not finite
        sentences = [*map(_worse_text, beyond.itertuples()), *one_sided_lines(numbers, LOST)]
        failed = [f"{title} failed: {reason}" for title, reason in self.pairs.failed_b.items()]
        missing = [f"{title} is missing" for title in self.pairs.only_a]
        return [*sentences, *failed, *missing, *(": ".join(item) for item in self.pairs.refused.items())]


def compare_sides(a: Side, b: Side, rope: Mapping[str, float] = ROPE) -> Comparison:
    """Compare two sides; `rope` as for `compare_errors`.

    Raises
    ------
    ValueError
        They have no row in common, or none that was fitted to and tested on the same frames.
    """
    pairs = pair_rows(a, b)
    if not pairs.pairs and not (pairs.failed_a or pairs.failed_b):
        raise ValueError(_nothing(a, b, pairs))
    with np.errstate(all="ignore"):  # numbers of 1e308 become infinite, and are shown so
        return Comparison(
            pairs, changed_circumstances(pairs.pairs), compare_errors(pairs.pairs, rope),
            compare_tasks(pairs.pairs), _times(pairs.pairs), rope,
        )  # fmt: skip


def _worse_text(row: Any) -> str:
    """Sentence on a number that is worse."""
    change = f"{row.percent:+.1f} %" if np.isfinite(row.percent) else row.reason or "from 0"
    numbers = f"{row.a:.4g} → {row.b:.4g} {row.unit}".rstrip()
    return f"{row.method} on {row.problem}: {number_title(row)} {numbers} ({change})"


def _nothing(a: Side, b: Side, pairs: Pairs) -> str:
    """Sentence on two sides without anything to compare."""
    if pairs.refused:
        reasons = "; ".join(f"{title}: {reason}" for title, reason in pairs.refused.items())
        return f"nothing can be compared, the frames are not the same: {reasons}"
    rows = (f"{side.name} has {_some(only)}" for side, only in ((a, pairs.only_a), (b, pairs.only_b)))
    return f"{a.name} and {b.name} have no row in common: {'; '.join(rows)}"


def _some(titles: Sequence[str], most: int = 3) -> str:
    more = len(titles) - most
    return ", ".join(titles[:most]) + (f" and {more} others" if more > 0 else "") or "none"


def _times(pairs: Sequence[Pair]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for pair in pairs:
        alike = timed_alike(pair)
        sides = [_costs(pair, side) for side in "ab"]
        for name in TIMES:
            a, b = (float(own[name]) for own in sides)
            if np.isfinite(a) and np.isfinite(b) and a > 0:
                rows.append(
                    {"problem": pair.problem, "method": pair.label, "quantity": COSTS[name][0],
                     "unit": COSTS[name][1], "a": a, "b": b, "percent": 100.0 * (b - a) / a,
                     "comparable": alike}
                )  # fmt: skip
    columns = ["problem", "method", "quantity", "unit", "a", "b", "percent", "comparable"]
    return pd.DataFrame(rows, columns=columns)


def _costs(pair: Pair, side: str) -> pd.Series:
    """Costs of one row of a pair."""
    problem = Problem(pair.problem, (getattr(pair, side),))
    return costs(Results((), (problem,))).iloc[0]
