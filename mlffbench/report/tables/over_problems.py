"""Tables across problems: mean ranks, and the robustness of the order of the methods."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlffbench.report.statistics.counts import count_text
from mlffbench.report.tables.table import EMPTY, Cell, Column, Row, Table
from mlffbench.report.verdict.over_problems import RANGES, RULE, OverProblems, listed
from mlffbench.report.wording import with_interval

__all__ = ["over_problems_tables"]

RANKS = (
    "Ranks by the error on the group that ranks, among the methods that have one on every problem; of "
    "problems on the same data they are averaged, and the dataset counts once. Mean rank: over the n "
    "datasets, with its 95 % interval, t(n − 1) s/√n; none where the rank is the same on all. Win rate: "
    "share of the other methods that are worse, averaged over the datasets: (m − mean rank)/(m − 1). "
    "P(best): share of 2000 bootstrap samples of the datasets in which the mean rank is the least; a "
    "probability has no interval of its own. Beats the next: datasets on which the rank is less than that "
    "of the row below, in brackets the 95 % interval of the share (Clopper and Pearson)."
)
ROBUST = (
    "Place: by the mean of the ranks in {metrics}, all datasets alike. The other columns are the best and "
    "the worst place, as one dataset or one of these errors is left out, and over 95 % of 1000 random "
    "weightings of all cells. P(first): share of these weightings with which the method comes first. "
    "Such ranges are no 95 % intervals."
)


def over_problems_tables(found: OverProblems) -> list[Table]:
    """Mean ranks, and ranges of places; none of one problem."""
    if len(found.problems) < 2:
        return []
    tables = [_ranks(found), _robustness(found)]
    return [table for table in tables if table.rows]


def _ranks(found: OverProblems) -> Table:
    """Rows of the methods with a mean rank, best first, then of those that lack an error."""
    own, n = found.ranking, len(found.problems)
    names = ("mean rank", "win rate", "P(best)", "beats the next")
    columns = [Column("method"), Column("problems"), *map(Column, names)]
    all_of_them = Cell(f"{n} of {n}", -n)
    rows = [
        Row([Cell(label), all_of_them, *_numbers(found, i)], method=label)
        for i, label in enumerate(own.methods)
    ]
    for label, lacking in own.missing.items():
        there = n - len(lacking)
        rows.append(Row([Cell(label), Cell(f"{there} of {n}", -there), *[EMPTY] * len(names)], method=label))
    return Table("across/ranks", "Mean ranks", columns, rows, f"{RANKS} {RULE}")


def _numbers(found: OverProblems, i: int) -> list[Cell]:
    own, m = found.ranking, len(found.ranking.methods)
    rank, (low, high) = float(own.mean_ranks[i]), own.bounds[i]
    cells = [Cell(with_interval(rank, low, high, 1.0, float(m)), rank)]
    if m < 2:
        return [*cells, EMPTY, EMPTY, EMPTY]
    share, least, most = ((m - value) / (m - 1) for value in (rank, high, low))
    cells.append(Cell(with_interval(share, least, most, most=1.0), -share))
    cells.append(EMPTY if own.reason else Cell(f"{own.p_best[i]:.2f}", -own.p_best[i]))
    cells.append(_beats_next(found, i) if i + 1 < m else Cell("the last", np.nan))
    return cells


def _beats_next(found: OverProblems, i: int) -> Cell:
    """Count of the datasets; ties count half and make no count."""
    own = found.ranking
    wins, n = float(own.win_rates[i, i + 1]) * own.n_datasets, own.n_datasets
    whole = round(wins)
    text = count_text(whole, n) if abs(wins - whole) < 1e-6 else f"{wins:.1f} of {n}, ties"
    return Cell(text, -wins)


def _robustness(found: OverProblems) -> Table:
    own = found.order
    several = len(found.metrics) > 1
    ranges = {name: getattr(own, at) for name, at in RANGES.items() if several or at != "without_metric"}
    columns = [Column("method"), Column("place"), *map(Column, ranges), Column("P(first)")]
    rows = []
    for i in np.argsort(own.place, kind="stable"):
        label, place = own.methods[i], float(own.place[i])
        each = [Cell(_range(*bounds[i]), float(bounds[i].mean())) for bounds in ranges.values()]
        first = float(own.p_first[i])
        rows.append(
            Row([Cell(label), Cell(f"{place:g}", place), *each, Cell(f"{first:.2f}", -first)], method=label)
        )
    caption = ROBUST.format(metrics=_and(found.metrics))
    if own.missing:
        caption += f" Without a place, as errors are missing: {listed(list(own.missing), 8)}."
    return Table("across/robustness", "Robustness of the order", columns, rows, caption, detail=True)


def _and(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def _range(best: float, worst: float) -> str:
    return f"{best:g}" if best == worst else f"{best:g}–{worst:g}"
