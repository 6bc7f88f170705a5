"""A comparison of two sides as text for a terminal of 80 columns, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from mlffbench.cli.console import console, print_table, say

if TYPE_CHECKING:
    import pandas as pd

    from mlffbench.report.comparison.comparison import Comparison
    from mlffbench.report.comparison.pairs import Side

__all__ = ["comparison_json", "print_comparison"]

FEW = 24  # rows of a problem up to which all that are not equal are printed
LARGE = 10.0  # %, from which on a change of a time is printed
NAMED = 10  # lines of rows that are missing, of tasks, of circumstances
Sides = tuple["Side", "Side"]


def print_comparison(sides: Sides, comparison: Comparison, everything: bool) -> None:
    """Print errors, tasks, times and circumstances that changed; all numbers if `everything`."""
    from mlffbench.report.comparison.sentences import compared_errors, legend, not_compared, summary

    for letter, side in zip("AB", sides, strict=True):
        say(f"{letter}: {side.name}")
    _print_lines([f"changed: {name}: {a} → {b}" for name, a, b in comparison.circumstances], everything)
    errors = compared_errors(comparison)
    for problem, rows in errors.groupby("problem", sort=False):
        labels = rows["method"].unique()
        say(f"\n{problem}" + (f": {labels[0]}" if len(labels) == 1 else ""))
        _print_errors(rows, everything, int(len(labels) == 1))
    if len(errors):
        console().print(legend(errors, comparison.rope), highlight=False)
    _print_tasks(comparison.tasks, everything)
    _print_times(comparison.times, everything)
    say("")
    _print_lines(list(not_compared(comparison)), everything)
    console().print(summary(comparison), highlight=False)


def comparison_json(sides: Sides, comparison: Comparison, worse: Sequence[str]) -> dict[str, Any]:
    """All numbers of a comparison, and the sentences on what is worse beyond the limit."""
    from mlffbench.report.comparison.sentences import UNITS

    pairs = comparison.pairs
    return {
        "a": sides[0].name,
        "b": sides[1].name,
        "changed": [{"name": name, "a": a, "b": b} for name, a, b in comparison.circumstances],
        **{name: getattr(comparison, name).to_dict("records") for name in ("errors", "tasks", "times")},
        **{name: getattr(pairs, name) for name in ("only_a", "only_b", "failed_a", "failed_b", "refused")},
        "equivalent_within": {
            name: {"half_width": 1000.0 * width, "unit": UNITS[name]}
            for name, width in comparison.rope.items()
        },
        "worse": list(worse),
    }


def _rows(table: pd.DataFrame) -> Iterable[Any]:
    return table.itertuples()


def _print_errors(rows: pd.DataFrame, everything: bool, first: int) -> None:
    """Print the errors of a problem; of very many those that changed, and of each method the first.

    `first` is the first column that is printed: 1 leaves out the method.
    """
    from mlffbench.report.comparison.sentences import DECIDED, HEAD, error_cells

    shown = rows if everything else rows[rows["verdict"] != "equal"]
    if not everything and len(shown) > FEW:
        shown = shown[shown["verdict"].isin(DECIDED) | ~shown.duplicated(["method"])]
    cells = [error_cells(row)[first:] for row in _rows(shown)]
    if cells:
        print_table(HEAD[first:], cells, 2 - first)
    equal = int((rows["verdict"] == "equal").sum())
    for n, words in ((equal, "equal"), (len(rows) - len(shown) - equal, "not significantly changed")):
        if n and not everything:
            say(f"{n} others are {words}; --all prints them" if cells else f"all {n} are {words}")


def _print_tasks(tasks: pd.DataFrame, everything: bool) -> None:
    """Print numbers of tasks that changed."""
    from mlffbench.report.comparison.sentences import ONE_SIDED, task_line

    if not len(tasks):
        return
    compared = tasks[~tasks["verdict"].isin(ONE_SIDED)]
    shown = compared if everything else compared[compared["verdict"].isin(["better", "worse"])]
    counts = Counter(tasks["verdict"])
    said = ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())
    say(f"\nTasks: {len(tasks)} numbers, {said}")
    _print_lines(list(map(task_line, _rows(shown))), everything)


def _print_times(times: pd.DataFrame, everything: bool) -> None:
    """Print times and memory; those of different machines only with `everything`."""
    from mlffbench.report.comparison.sentences import signed
    from mlffbench.report.wording import plain

    alike = times[times["comparable"] & (times["percent"].abs() >= LARGE)]
    others = times[~times["comparable"]]
    for problem, rows in (times if everything else alike).groupby("problem", sort=False):
        cells = [
            (row.method, f"{row.quantity}, {row.unit}", plain(row.a), plain(row.b),
             f"{signed(row.percent)} %" if row.comparable else "other machine")
            for row in _rows(rows)
        ]  # fmt: skip
        which = "" if everything else f"; changes of {LARGE:g} % or more"
        say(f"\nTimes and memory, one measurement each, no interval{which}: {problem}")
        print_table(["method", "quantity", "A", "B", "B − A"], cells, 2)
    if len(others) and not everything:
        names = ", ".join(dict.fromkeys(others["method"]))
        say(f"\nTimes not compared, as machine or settings differ: {names}")


def _print_lines(lines: Sequence[str], everything: bool) -> None:
    for line in lines if everything else lines[:NAMED]:
        say(line)
    if len(lines) > NAMED and not everything:
        say(f"and {len(lines) - NAMED} more; --all prints them")
