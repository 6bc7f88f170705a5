"""A comparison of two sides as a file of markdown, for the summary of a CI or a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlffbench.report.comparison.comparison import Comparison
from mlffbench.report.comparison.errors import EQUAL
from mlffbench.report.comparison.sentences import (
    HEAD,
    ONE_SIDED,
    compared_errors,
    error_cells,
    legend,
    not_compared,
    summary,
    task_line,
)
from mlffbench.report.formats.markdown import safe, table_text
from mlffbench.report.tables.table import Cell, Column, Row, Table

__all__ = ["render"]


def render(names: Sequence[str], comparison: Comparison, worse: Sequence[str] = ()) -> str:
    """Everything that changed, all errors on test groups, and what could not be compared.

    Parameters
    ----------
    names : sequence of str
        The two sides as the user wrote them.
    comparison : Comparison
    worse : sequence of str
        Sentences on what is worse beyond a limit.
    """
    errors = compared_errors(comparison)
    tables = [
        Table("", str(problem), [Column(name) for name in HEAD],
              [Row([Cell(text) for text in error_cells(row)]) for row in rows.itertuples()], words=2)
        for problem, rows in errors.groupby("problem", sort=False)
    ]  # fmt: skip
    tasks = comparison.tasks[~comparison.tasks["verdict"].isin([*ONE_SIDED, EQUAL])]
    changed = [f"{name}: {a} → {b}" for name, a, b in comparison.circumstances]
    parts = [
        f"# {safe(names[1])} against {safe(names[0])}",
        f"A: {safe(names[0])}, B: {safe(names[1])}. {safe(summary(comparison))}.",
        *_list("Worse", worse),
        *_list("Not compared", not_compared(comparison)),
        *map(table_text, tables),
        *([safe(legend(errors, comparison.rope))] if len(errors) else []),
        *_list("Numbers of tasks that are not equal", map(task_line, tasks.itertuples())),
        *_list("Circumstances that changed", changed),
    ]
    return "\n\n".join(parts) + "\n"


def _list(title: str, lines: Iterable[str]) -> list[str]:
    """A heading with a list; nothing without lines."""
    points = "\n".join(f"* {safe(line)}" for line in lines)
    return [f"### {title}\n\n{points}"] if points else []
