"""Measures of the first screen: a number for every method on every problem, which a reader may order by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.conditions import timed_apart
from mlffbench.report.dataframes.failures import failure_of
from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.problems import Problem
from mlffbench.report.tables.table import records
from mlffbench.report.wording import APART, rank_text

__all__ = ["Measure", "measures", "words"]

Entry = list[Any]  # value, low, high, note, rank
Entries = dict[str, Entry]  # by method
NOT_RUN = "not run"


@dataclass(frozen=True)
class Measure:
    """One measure of all methods on all problems.

    Attributes
    ----------
    id, name, unit, sentence : str
    values : list
        By problem and method: value, ends of its interval, a note and its rank; None without a number.
        A number without a rank is shown and not compared.
    weight : float
        In an order by all measures.
    thresholds : list of two numbers or None
        Upper limits of a passed and of a marginal number.
    """

    id: str
    name: str
    unit: str
    sentence: str
    values: list[list[Entry | None]]
    weight: float = 1.0
    thresholds: tuple[float | None, float | None] = (None, None)

    def to_json(self) -> dict[str, Any]:
        """The measure as plain JSON."""
        return asdict(self)


def measures(content: Sequence[tuple[Problem, Frames]], labels: Sequence[str]) -> list[Measure]:
    """The measures that any method has a number of; the one that ranks the methods stands first.

    Parameters
    ----------
    content : sequence of (Problem, Frames)
    labels : sequence of str
        All methods, in the order of the values.
    """
    made = [
        *(_errors(content, labels, quantity) for quantity in SHOWN),
        _worst(content, labels),
        _cost(content, labels, "fit_time", "Fit time", "s", "Wall-clock time of the fit"),
        _cost(content, labels, "prediction_time", "Prediction time", "µs/atom",
              "Time of energies and forces, preparation included"),
        _cost(content, labels, "peak_memory", "Peak memory", "MB", "Most memory of the whole process"),
    ]  # fmt: skip
    return [measure for measure in made if any(entry for row in measure.values for entry in row)]


def _values(
    content: Iterable[tuple[Problem, Frames]],
    labels: Sequence[str],
    entries: Callable[[Problem, Frames], Entries],
) -> list[list[Entry | None]]:
    each = [entries(problem, frames) for problem, frames in content]
    return [[own.get(label) for label in labels] for own in each]


def _errors(content: Sequence[tuple[Problem, Frames]], labels: Sequence[str], quantity: str) -> Measure:
    """RMSE on the reference group; its ranks are those of the leaderboard where that is ranked by it."""
    name, unit = SHOWN[quantity]

    def entries(problem: Problem, frames: Frames) -> Entries:
        errors = frames.errors
        own = errors[(errors["quantity"] == quantity) & (errors["test"] == problem.reference)]
        own = own[np.isfinite(own["value"])]
        ranks = _ranks(frames.leaderboard, name)
        if ranks is None:
            ranks = _places(own, set(problem.gaps) | _tuned(frames))
        leak = "‡" if problem.reference in problem.leaks else ""
        return {
            str(r["method"]): _entry(r, leak, ranks.get(str(r["method"]))) for r in records(own)
        }  # fmt: skip

    sentence = (
        f"RMSE of the {name} on the reference group of each problem (in domain where it has such a group)."
    )
    return Measure(quantity, f"{name.capitalize()} error", unit, sentence, _values(content, labels, entries))


def _worst(content: Sequence[tuple[Problem, Frames]], labels: Sequence[str]) -> Measure:
    """The largest force error over the named test groups, with the group's name."""

    def entries(problem: Problem, frames: Frames) -> Entries:
        errors = frames.errors
        own = errors[(errors["quantity"] == "forces") & np.isfinite(errors["value"])]
        own = own[~own["method"].isin(list(problem.gaps))]
        if len(problem.tests) < 2 or own.empty:
            return {}
        worst = own.loc[own.groupby("method", sort=False)["value"].idxmax()]
        ranks = _places(worst, _tuned(frames))
        return {
            str(r["method"]): _entry(r, str(r["test"]), ranks.get(str(r["method"]))) for r in records(worst)
        }

    sentence = "Largest force RMSE over the named test groups, absolute, with the group's name."
    return Measure("worst", "Worst group's force error", "meV/Å", sentence, _values(content, labels, entries))


def _cost(
    content: Sequence[tuple[Problem, Frames]],
    labels: Sequence[str],
    cost: str,
    name: str,
    unit: str,
    sentence: str,
) -> Measure:
    """Mean cost over the seeds; a time that was measured apart has no rank."""

    def entries(problem: Problem, frames: Frames) -> Entries:
        own = frames.costs[np.isfinite(frames.costs[cost])].rename(columns={cost: "value"})
        away = set(timed_apart(problem)) if cost.endswith("_time") else set()
        ranks = _places(own, away | _tuned(frames))
        rows = {str(r["method"]): r["value"] for r in records(own)}
        return {m: [_short(v), None, None, APART if m in away else "", ranks.get(m)] for m, v in rows.items()}

    text = f"{sentence}; numbers of other machines, threads or load ({APART}) are shown and not ranked."
    return Measure(cost, name, unit, text, _values(content, labels, entries), weight=0.0)


def _entry(row: Mapping[str, Any], note: str, rank: str | None) -> Entry:
    return [_short(row["value"]), _short(row["low"]), _short(row["high"]), note, rank]


def _short(value: float) -> float | None:
    """The number of four digits; None where it is not finite."""
    return float(f"{value:.4g}") if np.isfinite(value) else None


def _tuned(frames: Frames) -> set[str]:
    """Methods with a search of their hyperparameters, which are not ranked with others."""
    board = frames.leaderboard
    tuned = board["tuned"].astype(bool)
    return set() if tuned.all() else set(board.loc[tuned, "method"])


def _ranks(board: pd.DataFrame, name: str) -> dict[str, str] | None:
    """Ranges of ranks of the leaderboard; None if it is ranked by something else."""
    ranked = board[board["rank"].notna()]
    if ranked.empty or not str(ranked["ranked by"].iloc[0]).startswith(f"{name} "):
        return None
    tuned = ranked["tuned"].astype(bool)
    ranked = ranked if tuned.all() else ranked[~tuned]
    return {str(r["method"]): rank_text(r["best rank"], r["worst rank"]) for r in records(ranked)}


def _places(own: pd.DataFrame, unranked: set[str]) -> dict[str, str]:
    """Places by value, equal ones shared, of the methods that are compared."""
    compared = own[~own["method"].isin(list(unranked))]
    ranks = compared["value"].rank(method="min")
    return {str(m): str(int(rank)) for m, rank in zip(compared["method"], ranks, strict=True)}


def words(problems: Iterable[Problem], labels: Sequence[str]) -> list[list[str]]:
    """Words in place of numbers, by problem and method: the kind of the failure, or not run."""
    rows = []
    for problem in problems:
        states = {
            method.label: failure_of(method.failed[0])[0] for method in problem.methods if not method.done
        }
        states |= {label: f"without {', '.join(tests)}" for label, tests in problem.gaps.items()}
        there = {method.label for method in problem.methods}
        rows.append([states.get(label, "" if label in there else NOT_RUN) for label in labels])
    return rows
