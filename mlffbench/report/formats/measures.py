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
from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.quantities.catalogue import known_quantity
from mlffbench.report.results import Results
from mlffbench.report.standing import standing
from mlffbench.report.tables.table import records
from mlffbench.report.verdict.board import Board
from mlffbench.report.verdict.merit import summary_and_orders, worst_group
from mlffbench.report.verdict.orders import ORDERS
from mlffbench.report.wording import APART, LEAKY, rank_text

__all__ = ["MEASURES", "Measure", "measures", "words"]

Entry = list[Any]  # value, low, high, note, rank
Entries = dict[str, Entry]  # by method
NOT_RUN = "not run"
MEASURES = {  # by order of merit
    "in-domain error": "error", "energy error": "energy_per_atom", "worst group": "worst",
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
    id, name, sentence : str
    units : list of str
        By problem.
    values : list
        By problem and method: value, ends of its interval, a note and its rank; None without a number, the
        value None where the note says why there is none. A number without a rank is shown and not compared.
    weight : float
        In an order by all measures.
    more_is_better : bool
    limits : list
        By problem: largest numbers that pass and that are marginal, None where the registry of quantities
        has none.
    """

    id: str
    name: str
    units: list[str]
    sentence: str
    values: list[list[Entry | None]]
    limits: list[tuple[float | None, float | None]]
    weight: float = 1.0
    more_is_better: bool = False

    @property
    def unit(self) -> str:
        """The unit, or those of all problems."""
        return " or ".join(dict.fromkeys(filter(None, self.units)))

    def to_json(self) -> dict[str, Any]:
        """The measure as plain JSON."""
        return {**asdict(self), "unit": self.unit}


def measures(results: Results, boards: Sequence[Board], labels: Sequence[str]) -> list[Measure]:
    """The measures that any method has a number of; the error that ranks the methods stands first.

    Parameters
    ----------
    results : Results
    boards : sequence of Board
        Of the same problems.
    labels : sequence of str
        All methods, in the order of the values.
    """
    made = [
        _errors(results, boards, labels),
        _errors(results, boards, labels, "energy_per_atom"),
        _worst(boards, labels),
        *_of_merit(boards, labels),
        *(_cost(boards, labels, cost) for cost in COSTS),
    ]
    return [
        measure
        for measure in made
        if any(entry and entry[0] is not None for row in measure.values for entry in row)
    ]


def _values(
    boards: Iterable[Board], labels: Sequence[str], entries: Callable[[Board], Entries]
) -> list[list[Entry | None]]:
    each = [entries(board) for board in boards]
    return [[own.get(label) for label in labels] for own in each]


def _errors(
    results: Results, boards: Sequence[Board], labels: Sequence[str], quantity: str | None = None
) -> Measure:
    """RMSE on the reference group, with its range of ranks; by default of the quantity that ranks."""
    standings = standing(results)
    rmse = standings[(standings["metric"] == "rmse") & standings["rank"].notna()]
    ranked = dict(list(rmse.groupby(["problem", "quantity", "group"], sort=False)))
    quantities = [quantity or board.quantity for board in boards]
    chosen = dict(zip(boards, quantities, strict=True))

    def entries(board: Board) -> Entries:
        problem, errors = board.problem, board.frames.errors
        own = errors[(errors["quantity"] == chosen[board]) & (errors["test"] == problem.reference)]
        own = own[np.isfinite(own["value"])]
        ranks = _ranks(ranked.get((problem.name, chosen[board], problem.reference), rmse[:0]), board)
        leak = LEAKY if problem.reference in problem.leaks else ""
        return {str(r["method"]): _entry(r, leak, ranks.get(str(r["method"]))) for r in records(own)}

    known = [known_quantity("", own, "rmse") for own in quantities]
    return Measure(
        quantity or "error", "Energy error" if quantity else "Error that ranks",
        _units(quantities), _sentence(quantities), _values(boards, labels, entries),
        limits=[(_milli(entry.passed), _milli(entry.failed)) for entry in known],
    )  # fmt: skip


def _units(quantities: Iterable[str]) -> list[str]:
    return [SHOWN[quantity][1] for quantity in quantities]


def _sentence(quantities: Iterable[str]) -> str:
    """Definition of an error on the reference groups, in each problem of its quantity."""
    names = " or, on problems without forces, of the ".join(
        SHOWN[own][0] for own in SHOWN if own in quantities
    )
    return f"RMSE of the {names} on the reference group of each problem, the in-domain one where it has one."


def _milli(value: float | None) -> float | None:
    """The number in meV."""
    return None if value is None else float(f"{1000 * value:.6g}")


def _worst(boards: Sequence[Board], labels: Sequence[str]) -> Measure:
    """The largest error over the named test groups in the quantity that ranks, with the group's name."""

    def entries(board: Board) -> Entries:
        groups = {label: test for label in board.methods if (test := worst_group(board, label))}
        errors = {label: board.number(label, test, board.quantity) for label, test in groups.items()}
        ranks = _places(board, {label: value for label, (value, _, _) in errors.items()})
        return {
            label: [*map(_short, numbers), groups[label], ranks.get(label)]
            for label, numbers in errors.items()
        }

    return Measure(
        "worst", "Worst group's error", _units(board.quantity for board in boards),
        "Largest RMSE over the named test groups, of the quantity that ranks, absolute, with the group's "
        "name; ranks by value.",
        _values(boards, labels, entries), _no_limits(boards),
    )  # fmt: skip


def _no_limits(boards: Sequence[Board]) -> list[tuple[float | None, float | None]]:
    return [(None, None) for _ in boards]


def _of_merit(boards: Sequence[Board], labels: Sequence[str]) -> list[Measure]:
    """Tasks passed and cost at equal error, as the orders of merit of each problem have them."""
    orders = {board: summary_and_orders(board.problem, board.frames)[1] for board in boards}

    def entries(name: str, sign: float) -> Callable[[Board], Entries]:
        return lambda board: {
            m.method: [
                _short(sign * m.value),
                None,
                None,
                "" if m.place else m.text,
                m.place and str(m.place),
            ]
            for m in orders[board].get(name, ())
        }

    tasks, cost = "tasks passed", "cost at equal error"
    passed = _values(boards, labels, entries(tasks, -1.0))
    costs_near = _values(boards, labels, entries(cost, 1.0))
    none = _no_limits(boards)
    return [
        Measure(
            "tasks_passed", "Tasks passed", ["" for _ in boards], ORDERS[tasks], passed, none, 0.0,
            more_is_better=True,
        ),
        Measure(
            "cost_at_error", "Cost at equal error", ["µs/atom" for _ in boards], ORDERS[cost], costs_near,
            none, 0.0,
        ),
    ]  # fmt: skip


def _cost(boards: Sequence[Board], labels: Sequence[str], cost: str) -> Measure:
    """Mean cost over the seeds; a time that was measured apart has no rank."""
    name, unit = costs.COSTS[cost]

    def entries(board: Board) -> Entries:
        own = board.frames.costs[np.isfinite(board.frames.costs[cost])]
        away = set(timed_apart(board.problem)) if cost.endswith("_time") else set()
        values = {str(r["method"]): r[cost] for r in records(own)}
        ranks = _places(board, {m: value for m, value in values.items() if m not in away})
        notes = dict.fromkeys(away, APART)
        return {m: [_short(v), None, None, notes.get(m, ""), ranks.get(m)] for m, v in values.items()}

    text = (
        f"{COSTS[cost]}; numbers of other machines, threads or load ({APART}), and of methods that no error "
        "ranks, are shown and not ranked."
    )
    return Measure(
        cost, f"{name[0].upper()}{name[1:]}", [unit for _ in boards], text, _values(boards, labels, entries),
        _no_limits(boards), 0.0,
    )  # fmt: skip


def _entry(row: Mapping[str, Any], note: str, rank: str | None) -> Entry:
    return [_short(row["value"]), _short(row["low"]), _short(row["high"]), note, rank]


def _short(value: float) -> float | None:
    """The number of six digits, of which the page shows three; None where it is not finite."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


def _ranks(standings: pd.DataFrame, board: Board) -> dict[str, str]:
    """Ranges of ranks on the reference group; tuned methods have none beside others."""
    tuned = {label for label, method in board.methods.items() if method.is_tuned}
    apart = set() if set(board.ranked.index) <= tuned else tuned
    own = standings[~standings["method"].isin(list(apart))]
    return {str(r["method"]): rank_text(r["rank_low"], r["rank_high"]) for r in records(own)}


def _places(board: Board, values: Mapping[str, float]) -> dict[str, str]:
    """Places by value, equal ones shared, of the methods that the leaderboard ranks with each other."""
    compared = {label: value for label, value in values.items() if label in board.ranked.index}
    ranks = pd.Series(compared, dtype=float).rank(method="min")
    return {str(label): str(int(rank)) for label, rank in ranks.items()}


def words(results: Results, labels: Sequence[str]) -> list[list[str]]:
    """Words in place of numbers, by problem and method: the kind of the failure, waiting, or not run."""
    rows = []
    for problem in results.problems:
        unfinished = [case for case in results.unfinished if case.problem == problem.name]
        states: dict[str, str] = {case.method: case.state for case in reversed(unfinished)}
        states |= dict.fromkeys((method.label for method in problem.methods), "")
        states |= {m.label: failure_of(m.failed[0])[0] for m in problem.methods if not m.done}
        states |= {label: f"without {', '.join(tests)}" for label, tests in problem.gaps.items()}
        rows.append([states.get(label, NOT_RUN) for label in labels])
    return rows
