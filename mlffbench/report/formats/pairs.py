"""Paired comparisons of the methods of each problem by the error that ranks, for the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.results import Results
from mlffbench.report.standing import comparisons_of
from mlffbench.report.statistics.paired import BETTER, EQUIVALENT, ROPE, UNDECIDED, WORSE, Comparisons
from mlffbench.report.tables.table import Column
from mlffbench.report.verdict.board import Board

__all__ = ["VERDICTS", "Pairs", "pairs"]

NO_INTERVAL = "no interval"
VERDICTS = (BETTER, EQUIVALENT, UNDECIDED, WORSE, NO_INTERVAL)
Entry = tuple[float | None, ...]  # difference, low, high, probability, place of the verdict, 1 if paired


@dataclass(frozen=True)
class Pairs:
    """Comparisons of the methods of one problem.

    Attributes
    ----------
    columns : list of Column
    sentence : str
        Definition of the numbers, and the pairs that are left out.
    rankings : list of dict
        Of the methods as they are by default, and of the tuned ones: ``methods``, least error first, as
        places among all methods, and ``rows``, of each of the best methods its comparisons with those after
        it.
    """

    columns: list[Column]
    sentence: str
    rankings: list[dict[str, Any]]


def pairs(results: Results, boards: Sequence[Board], labels: Sequence[str], most: int) -> list[Pairs | None]:
    """Comparisons by problem; None where no two methods are ranked with each other.

    Parameters
    ----------
    results : Results
    boards : sequence of Board
        Of the same problems.
    labels : sequence of str
        All methods.
    most : int
        Pairs of a problem, at most; of more, those with the best methods.
    """
    places = {label: m for m, label in enumerate(labels)}
    return [_of_problem(results, board, places, most) for board in boards]


def _of_problem(results: Results, board: Board, places: dict[str, int], most: int) -> Pairs | None:
    group, quantity = str(board.problem.reference), board.quantity
    rankings: list[dict[str, Any]] = []
    for tuned in (False, True):
        labels, compared = comparisons_of(results, board.problem, group, quantity, tuned=tuned)
        if len(labels) > 1:
            rows = _rows(compared, _n_best(len(labels), most), ROPE[quantity])
            rankings.append({"methods": [places[label] for label in labels], "rows": rows})
    name, unit = SHOWN[quantity]
    columns = [
        Column("method"), Column("compared with"), Column("difference", unit),
        Column("P", tip="Probability that the method has the smaller error."), Column("verdict"),
    ]  # fmt: skip
    sentence = _sentence(f"{name} RMSE on {group}", f"±{1000 * ROPE[quantity]:g} {unit}", rankings)
    return Pairs(columns, sentence, rankings) if rankings else None


def _n_best(n: int, most: int) -> int:
    """Best of n methods whose pairs with all others are at most so many; one at least."""
    n_pairs = lambda best: best * n - best * (best + 1) // 2
    return max((best for best in range(1, n) if n_pairs(best) <= most), default=1)


def _rows(compared: Comparisons, n_best: int, rope: float) -> list[list[Entry]]:
    """Comparisons of each of the best methods with those after it, meV."""
    n = len(compared.difference)
    return [[_entry(compared, i, j, rope) for j in range(i + 1, n)] for i in range(n_best)]


def _entry(compared: Comparisons, i: int, j: int, rope: float) -> Entry:
    pair = compared.pair(i, j, rope)
    verdict = pair.verdict if math.isfinite(pair.low) else NO_INTERVAL
    numbers = (_short(1000 * pair.difference), _short(1000 * pair.low), _short(1000 * pair.high))
    return (*numbers, _short(pair.p_better), VERDICTS.index(verdict), int(compared.is_paired[i, j]))


def _short(value: float) -> float | None:
    """The number of three digits; None where it is not finite."""
    return float(f"{value:.3g}") if math.isfinite(value) else None


def _sentence(error: str, region: str, rankings: Sequence[dict[str, Any]]) -> str:
    """Definition of the numbers."""
    parts = [
        f"Difference of the {error}, the method's minus the larger one of the method that it is compared "
        "with, and its 95 % interval over clusters of test frames and over seeds, which ends at 0 where the "
        "test contradicts it; P: the probability that the method has the smaller error. Equivalent: the "
        f"interval lies within {region}, the region of practical equivalence. Each pair stands for itself; "
        "ranks are corrected for the number of pairs."
    ]
    entries = chain.from_iterable(chain.from_iterable(own["rows"]) for own in rankings)
    if not all(entry[-1] for entry in entries):
        parts.append("~: not paired, as a document has no errors by cluster of the same test frames.")
    if len(rankings) > 1:
        parts.append("Tuned methods are compared among themselves.")
    for own in rankings:
        n, n_best = len(own["methods"]), len(own["rows"])
        if n_best < n - 1:
            parts.append(f"Of {n} methods the page has the pairs with one of the best {n_best}.")
    return " ".join(parts)
