"""All data frames of a report."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache

import pandas as pd

from mlffbench.report.dataframes.costs import costs
from mlffbench.report.dataframes.failures import failures, skipped
from mlffbench.report.dataframes.leaderboard import leaderboard
from mlffbench.report.dataframes.profiles import profile_errors
from mlffbench.report.dataframes.scores import group_errors, task_scores, training_errors
from mlffbench.report.results import Results

__all__ = ["Frames"]


@dataclass(frozen=True, eq=False)
class Frames:
    """The data frames of all problems, or of one; each has the columns problem and method."""

    leaderboard: pd.DataFrame
    errors: pd.DataFrame
    training: pd.DataFrame
    costs: pd.DataFrame
    tasks: pd.DataFrame
    profiles: pd.DataFrame
    failures: pd.DataFrame
    skipped: pd.DataFrame

    @classmethod
    @lru_cache(maxsize=1)
    def from_results(cls, results: Results) -> Frames:
        """Compute every frame, once for all formats."""
        return cls(
            leaderboard=leaderboard(results),
            errors=group_errors(results),
            training=training_errors(results),
            costs=costs(results),
            tasks=task_scores(results),
            profiles=profile_errors(results),
            failures=failures(results),
            skipped=skipped(results),
        )

    def of_problem(self, name: str) -> Frames:
        """The rows of one problem."""
        return self._by_problem.get(name) or self._each(lambda frame: frame[frame["problem"] == name])

    @cached_property
    def _by_problem(self) -> dict[str, Frames]:
        """The rows of each problem of the leaderboard: many problems are told apart in one pass."""
        parts = {
            f.name: dict(list(getattr(self, f.name).groupby("problem", sort=False))) for f in fields(self)
        }
        empty = {f.name: getattr(self, f.name)[:0] for f in fields(self)}
        return {
            name: Frames(**{key: own.get(name, empty[key]) for key, own in parts.items()})
            for name in parts["leaderboard"]
        }

    def of_methods(self, names: Collection[str]) -> Frames:
        """The rows of some methods, and all failures, of which some are named by test group or task."""
        chosen = self._each(lambda frame: frame[frame["method"].isin(names)])
        return replace(chosen, failures=self.failures)

    def in_order(self, methods: Sequence[str]) -> Frames:
        """The frames of one problem, its leaderboard in this order; methods not named come last."""
        rank = {method: i for i, method in enumerate(methods)}
        places = self.leaderboard["method"].map(lambda m: rank.get(m, len(rank)))
        return replace(self, leaderboard=self.leaderboard.iloc[places.argsort(kind="stable")])

    def by_rank(self) -> Frames:
        """The frames of one problem, their methods in the order of its leaderboard."""
        rank = {method: i for i, method in enumerate(self.leaderboard["method"])}
        return self._each(lambda frame: frame.sort_values("method", key=lambda m: m.map(rank), kind="stable"))

    def _each(self, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Frames:
        return Frames(**{field.name: change(getattr(self, field.name)) for field in fields(self)})
