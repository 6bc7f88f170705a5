"""Glossary of the quantities, as Markdown: ``docs/quantities.md``."""

from __future__ import annotations

from collections.abc import Iterator

from mlffbench.report.quantities.catalogue import QUANTITIES
from mlffbench.report.quantities.quantity import Quantity

__all__ = ["glossary"]

INTRODUCTION = """# Quantities

Every number that a document or a table can hold, as the registry `mlffbench/report/quantities/` knows it.
The same entries are the names, units, tooltips, thresholds and words of reports. This page is made from it
by `python -m mlffbench.report.quantities.glossary > docs/quantities.md`.

Errors on test groups are stored in eV and shown in meV. A lower number is better unless the column *better*
says something else. *Passed* and *failed* bound what a report calls so; between them a number is marginal.
Bounds that no publication gives are ours: orders of magnitude, and no part of any rank. A number
beyond *broken* is shown as a word, `collapsed` (a prediction far below its reference) or `exploded`;
documents and CSV files keep the number.
"""
TITLES = {
    "": "Errors on test groups and on the training part",
    "cost": "Costs in tables",
    "timing": "Times and memory in scores.csv",
    "model": "Facts of a model",
    "ranks": "Ranks and choices of an order of merit",
    "profile": "Energy profiles in tables",
    "history": "Training curves",
    "tuning": "Searches of hyperparameters",
    "speed summary": "Summary of the task speed",
}
HEAD = (
    "quantity", "metric", "name", "symbol", "unit", "better", "definition", "thresholds", "broken", "source",
)  # fmt: skip


def glossary() -> str:
    """Return the page: one table a task, one row a quantity."""
    tasks = dict.fromkeys(entry.task for entry in QUANTITIES)
    return "\n".join([INTRODUCTION, *(line for task in tasks for line in _section(task))])


def _section(task: str) -> Iterator[str]:
    yield f"## {TITLES.get(task, f'Task {task}')}\n"
    rows = [HEAD, ("---",) * len(HEAD), *(_row(entry) for entry in QUANTITIES if entry.task == task)]
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _row(entry: Quantity) -> tuple[str, ...]:
    better: str = "" if entry.direction == "lower" else entry.direction
    if entry.direction == "target":
        better = f"near {entry.target:g}"
    broken = "" if entry.broken is None else f"{entry.broken:g}"
    cells = (
        f"`{entry.quantity}`", f"`{entry.metric}`" if entry.metric else "", entry.name, entry.symbol,
        entry.unit, better, entry.sentence, entry.thresholds, broken, entry.source,
    )  # fmt: skip
    return tuple(cell.replace("|", "\\|") for cell in cells)


if __name__ == "__main__":
    print(glossary(), end="")
