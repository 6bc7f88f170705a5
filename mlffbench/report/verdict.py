"""Verdict on a problem: one generated paragraph that answers which method to use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.conditions import timed_apart
from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.problems import Document, Method, Problem, dig, kept_file
from mlffbench.report.results import number
from mlffbench.report.wording import plain, ratio, with_interval

__all__ = ["verdict"]

NEAR = 2.0  # times the best error: still a candidate if it is cheaper
NAMED = 4  # methods that a sentence lists
FAMILIES = {  # of documents that are older than the entry "family"
    "atomic_reference": "baseline",
    **dict.fromkeys(("lennard_jones", "morse", "buckingham"), "classical"),
    **dict.fromkeys(("stillinger_weber", "embedded_atom", "bonded"), "classical"),
}


def verdict(problem: Problem, frames: Frames) -> str:
    """The best method and those that share its rank, the cheapest near it, the hardest group, the failures.

    Parameters
    ----------
    frames : Frames
        Of this problem. Errors, intervals, ranks and costs are those of its tables.
    """
    board = _Board(problem, frames)
    parts = (
        _best,
        _cheapest,
        _hardest,
        _classical,
        _no_better,
        _stopped,
        _tuned,
        _left_out,
        _doubtful,
        _model,
    )
    return " ".join(sentence for part in parts for sentence in part(board))


@dataclass(frozen=True, eq=False)
class _Board:
    """Ranks, errors and costs of the methods of one problem, as the sentences need them."""

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
        by_force = any(str(text).startswith("force ") for text in self.ranked["ranked by"])
        return "forces" if by_force else "energy_per_atom"

    @cached_property
    def errors(self) -> pd.DataFrame:
        """Errors by method and test group."""
        errors = self.frames.errors
        return errors[errors["quantity"] == self.quantity].set_index(["method", "test"])

    @cached_property
    def methods(self) -> dict[str, Method]:
        return {method.label: method for method in self.problem.methods}

    @cached_property
    def rivals(self) -> list[str]:
        """Ranked methods that are no baseline, best first."""
        return [label for label in self.ranked.index if self.family(label) != "baseline"]

    @property
    def best(self) -> str | None:
        return self.rivals[0] if self.rivals else None

    def family(self, label: str) -> str:
        document = (*self.methods[label].done, *self.methods[label].failed)[0]
        return str(
            dig(document, "model", "family") or FAMILIES.get(document["case"]["estimator"]["name"], "")
        )

    def error(self, label: str, test: str | None = None) -> float:
        """Error on a test group, by default the one that ranks."""
        return float(self.errors["value"].get((label, test or self.problem.reference), np.nan))

    def text(self, label: str, test: str | None = None) -> str:
        """Error with interval and unit."""
        place = label, test or self.problem.reference
        numbers = (float(self.errors[key].get(place, np.nan)) for key in ("value", "low", "high"))
        return f"{with_interval(*numbers)} {SHOWN[self.quantity][1]}"

    def cost(self, label: str) -> float:
        """Time of a prediction, µs/atom."""
        costs = self.frames.costs.set_index("method")["prediction_time"]
        return float(costs.get(label, np.nan))


# ---------------------------------------------------------------- sentences
def _best(board: _Board) -> Iterator[str]:
    if board.best is None:
        yield "No method but the baseline has an error to be ranked by."
        return
    word = SHOWN[board.quantity][0]
    yield (
        f"Best here: {board.best}, {word} RMSE {board.text(board.best)} on {board.problem.reference}"
        f"{_seeds(board, board.best)}{_company(board, board.best)}."
    )


def _tuned(board: _Board) -> Iterator[str]:
    """Sentence on the best of the tuned methods, which no default one is compared with."""
    if not len(board.tuned):
        return
    best, costs = str(board.tuned.index[0]), board.frames.costs.set_index("method")
    seconds = float(costs["tuning_time"].get(best, np.nan))
    charged = f" after {plain(seconds)} s of search" if np.isfinite(seconds) else ""
    word, unit = SHOWN[board.quantity]
    error = board.text(best).removesuffix(f" {unit}")
    yield f"Among tuned methods, ranked apart: {best}, {word} RMSE {error} {unit}{charged}."


def _company(board: _Board, best: str) -> str:
    """Methods that the best cannot be told apart from."""
    alike = [label for label in board.rivals if label != best and board.ranked["best rank"][label] == 1]
    if alike:
        return f"; it cannot be told apart from {_listed(alike)}"
    unsure = board.ranked["interval"][best] == "none"
    alone = len(board.rivals) == 1 or unsure
    return "" if alone else "; no other interval reaches it"


def _seeds(board: _Board, best: str) -> str:
    return " (one seed)" if int(board.ranked["seeds"][best]) == 1 else ""


def _cheapest(board: _Board) -> Iterator[str]:
    if board.best is None:
        return
    best, limit = board.best, NEAR * board.error(board.best)
    near = [label for label in board.rivals if board.error(label) <= limit and np.isfinite(board.cost(label))]
    if best not in near or len(board.rivals) < 2:
        return
    cheapest = min(near, key=board.cost)
    takes = f"{plain(board.cost(cheapest))} µs/atom"
    if len(near) == 1:
        yield f"No other method comes within twice that error; it predicts in {takes}."
        return
    alike = "" if not timed_apart(board.problem).intersection(near) else "; not all were timed alike"
    if cheapest == best:
        yield f"It is also the fastest of those within twice that error ({takes}{alike})."
    else:
        yield (
            f"Fastest within twice that error: {cheapest} ({board.text(cheapest)}; {takes} instead of "
            f"{plain(board.cost(best))}{alike})."
        )


def _hardest(board: _Board) -> Iterator[str]:
    """The test group whose smallest error is the largest."""
    others = [test for test in board.problem.tests if test != board.problem.reference]
    lowest = {test: min((board.error(m, test), m) for m in board.rivals) for test in others if board.rivals
              and all(np.isfinite(board.error(m, test)) for m in board.rivals)}  # fmt: skip
    if not lowest or board.best is None:
        return
    test = max(lowest, key=lambda name: lowest[name][0])
    error, winner = lowest[test]
    times = _times(error, board.error(winner))
    inside = board.problem.in_domain
    there = f" ({times} its error on {inside})" if times and inside else ""
    same = "" if winner == board.best else f"; {board.best} has {plain(board.error(board.best, test))}"
    floor = [m for m in board.ranked.index if board.family(m) == "baseline"]
    lost = any(board.error(m, test) <= error for m in floor)
    useless = ", and none beats the baseline there" if lost else ""
    best = f"{winner} is best with {board.text(winner, test)}{there}"
    yield f"Hardest test group: {test}, where {best}{same}{useless}."


def _classical(board: _Board) -> Iterator[str]:
    """Sentence on the best classical potential, where there are others too."""
    classical = [label for label in board.rivals if board.family(label) == "classical"]
    if not classical or board.best is None or len(classical) == len(board.rivals):
        return
    first = classical[0]
    times = _times(board.error(first), board.error(board.best))
    if first == board.best:
        yield "A classical potential is enough here: it is the best."
    else:
        may = "may be" if board.error(first) <= NEAR * board.error(board.best) else "is not"
        more = f", {times} the best error" if times else ""
        yield f"A classical potential {may} enough: {first} has {board.text(first)}{more}."


def _no_better(board: _Board) -> Iterator[str]:
    """Methods that are not certainly better than the baseline."""
    floor = next((m for m in board.ranked.index if board.family(m) == "baseline"), None)
    if floor is None:
        return
    weak = [m for m in board.rivals if board.ranked["worst rank"][m] >= board.ranked["best rank"][floor]]
    if weak:
        yield f"Not certainly better than the baseline {floor}: {_listed(weak)}."


def _stopped(board: _Board) -> Iterator[str]:
    """Methods whose training the clock ended."""
    stopped = [label for label in board.rivals if any(map(_reached_the_limit, board.methods[label].done))]
    if stopped:
        yield f"More time may change the order: the clock stopped the training of {_listed(stopped)}."


def _reached_the_limit(document: Document) -> bool:
    """True for a training that ended by its time, as the document says or, in an older one, by its length."""
    if (end := dig(document, "model", "stopped_by")) is not None:
        return "time" in str(end).split(", ")
    limit = number(dig(document, "case", "estimator", "params", "max_seconds"))
    return number(dig(document, "timings", "fit", "seconds")) >= limit


def _left_out(board: _Board) -> Iterator[str]:
    """Methods that failed, or left out test groups."""
    failed = board.frames.leaderboard[board.frames.leaderboard["status"] == "failed"]
    if len(failed):
        reasons = [f"{row['method']} ({row['failure kind']})" for row in _records(failed)]
        yield f"Failed: {_listed(reasons)}."
    if board.problem.gaps:
        yield f"Not ranked, as they left out test groups: {_listed(list(board.problem.gaps))}."


def _doubtful(board: _Board) -> Iterator[str]:
    if leaky := list(board.problem.leaks):
        yield f"Errors on {_listed(leaky)} flatter: frames there have copies in the training set."
    if board.problem.doubts:
        yield "Not all rows are comparable: see Careful."


def _model(board: _Board) -> Iterator[str]:
    if board.best and (file := kept_file(board.methods[board.best].done[0])):
        yield f"The model of {board.best} is {file} in the results folder."


# ---------------------------------------------------------------- words
def _listed(names: Sequence[str]) -> str:
    shown = [*names[:NAMED], f"{len(names) - NAMED} others"] if len(names) > NAMED + 1 else list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _times(error: float, base: float) -> str:
    """``3.50×``; '' where there is no ratio."""
    return ratio(error / base) if base > 0 and np.isfinite(error) and np.isfinite(base) else ""


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in record.items()} for record in frame.to_dict("records")]
