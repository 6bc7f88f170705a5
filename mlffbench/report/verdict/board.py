"""Board of one problem: ranks, errors, costs and families of its methods, as the verdict needs them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from mlffbench.report.comparability import tested_elsewhere
from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.families import family
from mlffbench.report.problems import Method, Problem
from mlffbench.report.quantities.catalogue import known_quantity
from mlffbench.report.wording import with_interval

__all__ = ["BASELINE", "CLASSICAL", "USABLE", "Board"]

BASELINE, CLASSICAL = "baseline", "classical"
USABLE = known_quantity("ranks", "floor").failed or 0.5  # times the baseline's error, at most
INTERVAL = ("value", "low", "high")


@dataclass(frozen=True, eq=False)
class Board:
    """Ranks, errors and costs of the methods of one problem.

    Attributes
    ----------
    problem : Problem
    frames : Frames
        Of this problem.
    """

    problem: Problem
    frames: Frames

    @cached_property
    def ranked(self) -> pd.DataFrame:
        """Rows of the leaderboard that have a rank, by method, best first.

        Methods as they are by default; tuned ones where no other has a rank.
        """
        return self._of(tuned=not self._of(tuned=False).index.size)

    @cached_property
    def tuned(self) -> pd.DataFrame:
        """Rows of the ranking of tuned methods, where it stands beside another."""
        tuned = self._of(tuned=True)
        return tuned[~tuned.index.isin(self.ranked.index)]

    def _of(self, tuned: bool) -> pd.DataFrame:
        board = self.frames.leaderboard
        board = board[board["rank"].notna() & (board["tuned"].astype(bool) == tuned)]
        return board.sort_values("rank").set_index("method")

    @cached_property
    def quantity(self) -> str:
        """Quantity that ranks: forces, or the energy per atom where no method has forces."""
        by_force = any(str(text).startswith("force ") for text in self.ranked["ranked by"])
        return "forces" if by_force else "energy_per_atom"

    @cached_property
    def methods(self) -> dict[str, Method]:
        """Methods by their labels."""
        return {method.label: method for method in self.problem.methods}

    @cached_property
    def rivals(self) -> list[str]:
        """Ranked methods that are no baseline, best first."""
        return [label for label in self.ranked.index if self.family(label) != BASELINE]

    @cached_property
    def contenders(self) -> list[str]:
        """The rivals, and methods that have no rank only because they left out a test group."""
        only = self.problem.gaps.keys() - tested_elsewhere(self.problem).keys()
        left_out = [m.label for m in self.problem.methods if m.label in only and not m.is_tuned]
        return self.rivals + [m for m in left_out if m not in self.rivals and self.family(m) != BASELINE]

    @cached_property
    def elsewhere(self) -> list[str]:
        """Methods that have no rank because they were tested on other data or another split."""
        apart = tested_elsewhere(self.problem).keys() - self.problem.gaps.keys()
        return [label for label in self.methods if label in apart]

    def is_told_apart(self, one: str, other: str) -> bool:
        """True if one of two ranked methods is certainly better, by the comparison of this pair."""
        beaten_by = self.ranked["beaten by"]
        return one in beaten_by[other] or other in beaten_by[one]

    @cached_property
    def floor(self) -> str | None:
        """First ranked baseline; None without one."""
        return next((label for label in self.ranked.index if self.family(label) == BASELINE), None)

    @property
    def best(self) -> str | None:
        """First of the rivals; None without any."""
        return self.rivals[0] if self.rivals else None

    def family(self, label: str) -> str:
        """Family of a method of this problem."""
        return family(self.methods[label])

    @cached_property
    def _errors(self) -> dict[tuple[str, str, str], tuple[float, float, float]]:
        """Errors with their intervals by method, test group and quantity."""
        frame = self.frames.errors
        keys = zip(frame["method"], frame["test"], frame["quantity"], strict=True)
        numbers = zip(*(frame[name].astype(float) for name in INTERVAL), strict=True)
        return dict(zip(keys, numbers, strict=True))

    @cached_property
    def others(self) -> list[str]:
        """Test groups beside the one that ranks, on which every rival has an error."""
        reference = self.problem.reference
        return [
            test
            for test in self.problem.tests
            if test != reference
            and self.rivals
            and all(np.isfinite(self.error(label, test)) for label in self.rivals)
        ]

    def quantity_on(self, test: str | None = None) -> str:
        """Quantity that compares methods on a test group: that of the ranking, if anybody has it there."""
        place = test or str(self.problem.reference)
        has = any(np.isfinite(self.number(m, place, self.quantity)[0]) for m in self.rivals)
        return self.quantity if has else "energy_per_atom"

    def number(self, label: str, test: str, quantity: str) -> tuple[float, float, float]:
        """Error with its interval, meV/Å or meV/atom; NaN where there is none."""
        return self._errors.get((label, test, quantity), (np.nan, np.nan, np.nan))

    def interval(self, label: str, test: str | None = None) -> tuple[float, float, float]:
        """Error on a test group, by default the one that ranks, and its interval, meV/Å or meV/atom."""
        return self.number(label, test or str(self.problem.reference), self.quantity_on(test))

    def error(self, label: str, test: str | None = None) -> float:
        """Error on a test group, by default the one that ranks, meV/Å or meV/atom."""
        return self.interval(label, test)[0]

    def ranking_error(self, label: str, test: str) -> float:
        """Error on a test group in the quantity that ranks; NaN where the group has none."""
        return self.number(label, test, self.quantity)[0]

    def text(self, label: str, test: str | None = None) -> str:
        """Error with interval and unit."""
        return f"{with_interval(*self.interval(label, test))} {self.unit(test)}"

    def unit(self, test: str | None = None) -> str:
        """Unit of the errors on a test group."""
        return SHOWN[self.quantity_on(test)][1]

    def least(self, test: str) -> str:
        """Contender with the least error on a test group."""
        errors = {label: self.error(label, test) for label in self.contenders}
        return min((label for label in errors if np.isfinite(errors[label])), key=errors.__getitem__)

    def is_usable(self, label: str, test: str | None = None) -> bool:
        """True for an error of at most half the baseline's; without a baseline, for one within thresholds."""
        error = self.error(label, test)
        floor = np.nan if self.floor is None else self.error(self.floor, test)
        if np.isfinite(floor):
            return bool(error <= USABLE * floor)
        entry = known_quantity("", self.quantity_on(test), "rmse")
        return entry.judge(error / 1000) != "failed"

    def cost(self, label: str) -> float:
        """Time of a prediction, µs/atom."""
        return self._costs.get(label, np.nan)

    @cached_property
    def _costs(self) -> dict[str, float]:
        costs = self.frames.costs
        return dict(zip(costs["method"], costs["prediction_time"].astype(float), strict=True))

    @cached_property
    def label_noise(self) -> float | None:
        """Noise of the labels, as the dataset's card tells it under ``label_noise``, in the errors' unit."""
        noise = self.problem.first("dataset", "card", "label_noise", self.quantity)
        is_number = isinstance(noise, int | float) and not isinstance(noise, bool) and noise > 0
        return 1000 * float(noise) if is_number else None
