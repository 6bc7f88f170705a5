"""Measures of the first screen: a number for every method on every problem, which a reader may order by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.conditions import timed_apart
from mlffbench.report.dataframes import costs
from mlffbench.report.dataframes.failures import failure_of
from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.problems import Problem
from mlffbench.report.quantities.catalogue import known_quantity
from mlffbench.report.results import Results
from mlffbench.report.standing import standing
from mlffbench.report.tables.table import records
from mlffbench.report.verdict.merit import summary_and_orders
from mlffbench.report.verdict.orders import ORDERS
from mlffbench.report.wording import APART, LEAKY, rank_text

__all__ = ["MEASURES", "Measure", "measures", "words"]

Entry = list[Any]  # value, low, high, note, rank
Entries = dict[str, Entry]  # by method
NOT_RUN = "not run"
MEASURES = {  # by order of merit
    "in-domain error": "forces", "energy error": "energy_per_atom", "worst group": "worst",
    "tasks passed": "tasks_passed", "cost at equal error": "cost_at_error", "fit time": "fit_time",
    "prediction time": "prediction_time", "peak memory": "peak_memory",
}  # fmt: skip
COSTS = {  # of the first screen
    "fit_time": "Wall-clock time of the fit",
    "prediction_time": "Time of energies and forces, preparation included",
    "peak_memory": "Most memory of the whole process",
}


@dataclass(frozen=True)
class Measure:
    """One measure of all methods on all problems.

    Attributes
    ----------
    id, name, unit, sentence : str
    values : list
        By problem and method: value, ends of its interval, a note and its rank; None without a number, the
        value None where the note says why there is none. A number without a rank is shown and not compared.
    weight : float
        In an order by all measures.
    more_is_better : bool
    limits : two numbers or None
        Largest numbers that pass and that are marginal, where the registry of quantities has them.
    """

    id: str
    name: str
    unit: str
    sentence: str
    values: list[list[Entry | None]]
    weight: float = 1.0
    more_is_better: bool = False
    limits: tuple[float | None, float | None] = (None, None)

    def to_json(self) -> dict[str, Any]:
        """The measure as plain JSON."""
        return asdict(self)


def measures(
    results: Results, content: Sequence[tuple[Problem, Frames]], labels: Sequence[str]
) -> list[Measure]:
    """The measures that any method has a number of; the one that ranks the methods stands first.

    Parameters
    ----------
    results : Results
    content : sequence of (Problem, Frames)
        Of the same problems.
    labels : sequence of str
        All methods, in the order of the values.
    """
    standings = standing(results)
    made = [
        *(_errors(standings, content, labels, quantity) for quantity in SHOWN),
        _worst(content, labels),
        *_of_merit(content, labels),
        *(_cost(content, labels, cost) for cost in COSTS),
    ]
    return [
        measure
        for measure in made
        if any(entry and entry[0] is not None for row in measure.values for entry in row)
    ]


def _values(
    content: Iterable[tuple[Problem, Frames]],
    labels: Sequence[str],
    entries: Callable[[Problem, Frames], Entries],
) -> list[list[Entry | None]]:
    each = [entries(problem, frames) for problem, frames in content]
    return [[own.get(label) for label in labels] for own in each]


def _errors(
    standings: pd.DataFrame,
    content: Sequence[tuple[Problem, Frames]],
    labels: Sequence[str],
    quantity: str,
) -> Measure:
    """RMSE on the reference group, with its range of ranks."""
    name, unit = SHOWN[quantity]
    of_quantity = standings[(standings["quantity"] == quantity) & (standings["metric"] == "rmse")]
    by_problem = {str(p): own for p, own in of_quantity.groupby("problem", sort=False)}

    def entries(problem: Problem, frames: Frames) -> Entries:
        errors = frames.errors
        own = errors[(errors["quantity"] == quantity) & (errors["test"] == problem.reference)]
        own = own[np.isfinite(own["value"])]
        ranks = _ranks(by_problem.get(problem.name, standings[:0]), problem, _tuned(frames))
        leak = LEAKY if problem.reference in problem.leaks else ""
        return {str(r["method"]): _entry(r, leak, ranks.get(str(r["method"]))) for r in records(own)}

    sentence = (
        f"RMSE of the {name} on the reference group of each problem, the in-domain one where it has one."
    )
    entry = known_quantity("", quantity, "rmse")
    limits = _milli(entry.passed), _milli(entry.failed)
    return Measure(
        quantity, f"{name.capitalize()} error", unit, sentence, _values(content, labels, entries),
        limits=limits,
    )  # fmt: skip


def _milli(value: float | None) -> float | None:
    """The number in meV."""
    return None if value is None else float(f"{1000 * value:.6g}")


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

    sentence = (
        "Largest force RMSE over the named test groups, absolute, with the group's name; ranks by value."
    )
    return Measure("worst", "Worst group's force error", "meV/Å", sentence, _values(content, labels, entries))


def _of_merit(content: Sequence[tuple[Problem, Frames]], labels: Sequence[str]) -> list[Measure]:
    """Tasks passed and cost at equal error, as the orders of merit of each problem have them."""
    orders = {problem.name: summary_and_orders(problem, frames)[1] for problem, frames in content}

    def entries(name: str, sign: float) -> Callable[[Problem, Frames], Entries]:
        return lambda problem, _: {
            m.method: [
                _short(sign * m.value),
                None,
                None,
                "" if m.place else m.text,
                m.place and str(m.place),
            ]
            for m in orders[problem.name].get(name, ())
        }

    tasks, cost = "tasks passed", "cost at equal error"
    passed = _values(content, labels, entries(tasks, -1.0))
    costs_near = _values(content, labels, entries(cost, 1.0))
    return [
        Measure("tasks_passed", "Tasks passed", "", ORDERS[tasks], passed, weight=0.0, more_is_better=True),
        Measure("cost_at_error", "Cost at equal error", "µs/atom", ORDERS[cost], costs_near, weight=0.0),
    ]


def _cost(content: Sequence[tuple[Problem, Frames]], labels: Sequence[str], cost: str) -> Measure:
    """Mean cost over the seeds; a time that was measured apart has no rank."""
    name, unit = costs.COSTS[cost]

    def entries(problem: Problem, frames: Frames) -> Entries:
        own = frames.costs[np.isfinite(frames.costs[cost])].rename(columns={cost: "value"})
        away = set(timed_apart(problem)) if cost.endswith("_time") else set()
        ranks = _places(own, away | _tuned(frames))
        rows = {str(r["method"]): r["value"] for r in records(own)}
        return {m: [_short(v), None, None, APART if m in away else "", ranks.get(m)] for m, v in rows.items()}

    text = f"{COSTS[cost]}; numbers of other machines, threads or load ({APART}) are shown and not ranked."
    return Measure(
        cost, f"{name[0].upper()}{name[1:]}", unit, text, _values(content, labels, entries), weight=0.0
    )


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


def _ranks(standings: pd.DataFrame, problem: Problem, unranked: set[str]) -> dict[str, str]:
    """Ranges of ranks on the reference group; a method that left out a group has none."""
    own = standings[(standings["group"] == problem.reference) & standings["rank"].notna()]
    own = own[~own["method"].isin([*unranked, *problem.gaps])]
    return {str(r["method"]): rank_text(r["rank_low"], r["rank_high"]) for r in records(own)}


def _places(own: pd.DataFrame, unranked: set[str]) -> dict[str, str]:
    """Places by value, equal ones shared, of the methods that are compared."""
    compared = own[~own["method"].isin(list(unranked))]
    ranks = compared["value"].rank(method="min")
    return {str(m): str(int(rank)) for m, rank in zip(compared["method"], ranks, strict=True)}


def words(problems: Iterable[Problem], labels: Sequence[str]) -> list[list[str]]:
    """Words in place of numbers, by problem and method: the kind of the failure, or not run."""
    rows = []
    for problem in problems:
        states = {m.label: failure_of(m.failed[0])[0] for m in problem.methods if not m.done}
        states |= {label: f"without {', '.join(tests)}" for label, tests in problem.gaps.items()}
        there = {method.label for method in problem.methods}
        rows.append([states.get(label, "" if label in there else NOT_RUN) for label in labels])
    return rows
