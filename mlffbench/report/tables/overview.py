"""Tables of the first screen: methods and problems, tasks passed, orders of merit, unfinished cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from mlffbench.report import wording
from mlffbench.report.results import Results
from mlffbench.report.tables.table import EMPTY, Cell, Column, Row, Table
from mlffbench.report.tables.tasks import short_names
from mlffbench.report.unfinished import UnfinishedCase
from mlffbench.report.verdict.matrix import Matrix, MatrixCell
from mlffbench.report.verdict.merit import Merit
from mlffbench.report.verdict.orders import DEFAULT, ORDERS
from mlffbench.report.verdict.task_summary import TaskCell, TaskSummary

__all__ = ["matrix_table", "merit_table", "summary_table", "unfinished_sentence", "unfinished_table"]

SHORT = " · "  # between the dataset and the split in the name of a problem


def matrix_table(matrix: Matrix) -> Table:
    """Rows are methods, columns are problems; cells hold error and range of ranks, or why there is none."""
    names = _short_names([column.problem for column in matrix.columns])
    columns = [Column("method"), Column("mean rank")]
    columns += [Column(names[c.problem], f"{c.unit}, {c.test}" if c.test else "") for c in matrix.columns]
    rows = []
    for row in matrix.rows:
        rank = Cell(wording.plain(row.mean_rank), row.mean_rank)
        rows.append(Row([Cell(row.method), rank, *map(_matrix_cell, row.cells)], method=row.method))
    caption = f"Errors on the group that ranks, in brackets the range of ranks. {matrix.rule}"
    if len({row.tuned for row in matrix.rows}) > 1:
        caption += " Tuned methods stand below the others, ranked among themselves and without a mean rank."
    return Table("matrix", "Methods and problems", columns, rows, caption)


def _short_names(names: Sequence[str]) -> dict[str, str]:
    """Names of problems by their datasets alone, where no two have the same one."""
    counts = Counter(name.partition(SHORT)[0] for name in names)
    return {n: n.partition(SHORT)[0] if counts[n.partition(SHORT)[0]] == 1 else n for n in names}


def _matrix_cell(cell: MatrixCell) -> Cell:
    if np.isnan(cell.value):
        return Cell(cell.text or wording.MISSING, float("nan"))
    text = wording.with_interval(cell.value, cell.low, cell.high) + "".join(cell.marks)
    if cell.best_rank is None or cell.worst_rank is None:
        return Cell(f"{text} ({cell.text or 'no rank'})", cell.value)
    return Cell(f"{text} ({wording.rank_text(cell.best_rank, cell.worst_rank)})", cell.value)


def summary_table(summary: TaskSummary) -> Table:
    """Rows are methods, columns are tasks; cells hold the judgement and the numbers behind it."""
    names = short_names(summary.tasks)
    columns = [Column("method"), Column("passed", "tasks"), *(Column(names[t]) for t in summary.tasks)]
    rows = [
        Row(
            [Cell(row.method), Cell(f"{row.n_passed}", -row.n_passed), *map(_summary_cell, row.cells)],
            method=row.method,
        )
        for row in summary.rows
    ]
    caption = (
        f"In brackets: numbers that passed, are marginal, failed; a count of all of them, no interval. "
        f"{summary.rule}"
    )
    return Table("tasks/summary", "Tasks passed", columns, rows, caption)


def _summary_cell(cell: TaskCell) -> Cell:
    if not cell.numbers:
        words = f"{cell.word} ({cell.seeds})" if cell.seeds else cell.word
        return Cell(words or wording.MISSING, float("nan"))
    counts = list(cell.counts.values())
    seeds = f"; failures in {cell.seeds}" if cell.seeds else ""
    text = f"{cell.status} ({' · '.join(map(str, counts))}{seeds})"
    return Cell(text, counts[2] / sum(counts) + 1e-3 * counts[1] / sum(counts))


def merit_table(merits: Mapping[str, Sequence[Merit]]) -> Table:
    """Rows are methods, columns are orders of merit; cells hold the place and the number behind it."""
    merits = {name: order for name, order in merits.items() if name in ORDERS}
    columns = [Column("method"), *(Column(name, tip=ORDERS[name]) for name in merits)]
    by_method = {name: {merit.method: merit for merit in order} for name, order in merits.items()}
    rows = [
        Row(
            [Cell(merit.method), *(_merit_cell(own.get(merit.method)) for own in by_method.values())],
            method=merit.method,
        )
        for merit in next(iter(merits.values()), ())
    ]
    sentences = " ".join(f"{name[0].upper()}{name[1:]}: {ORDERS[name]}" for name in merits)
    caption = (
        f"Place and, behind it, the number; a time of one run and a count of tasks have no interval. The "
        f"default order is {DEFAULT}. {sentences}"
    )
    return Table("merit", "Orders of merit", columns, rows, caption, detail=True)


def _merit_cell(merit: Merit | None) -> Cell:
    if merit is None:
        return EMPTY
    if merit.place is None:
        return Cell(merit.text, float("nan"))
    return Cell(f"{merit.place}: {merit.text}", merit.place)


def unfinished_sentence(results: Results) -> str:
    """Sentence on a run that has not ended; '' for one that has."""
    missing = len(results.unfinished)
    if not missing:
        return ""
    running = sum(case.state == "running" for case in results.unfinished)
    total = len(results.documents) + missing
    return (
        f"Unfinished: {len(results.documents)} of {total} cases have finished, ranks may change; "
        f"{running} running, {missing - running} waiting."
    )


def unfinished_table(cases: Sequence[UnfinishedCase]) -> Table:
    """One row a case that runs or waits."""
    rows = [Row([Cell(c.problem), Cell(c.method), Cell(str(c.seed)), Cell(c.state)]) for c in cases]
    columns = [Column(name) for name in ("problem", "method", "seed", "state")]
    return Table("unfinished", "Running and waiting", columns, rows, words=len(columns))
