"""A comparison of two sides as text for a terminal of 80 columns, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mlffbench.cli.console import console, print_table, say

if TYPE_CHECKING:
    import pandas as pd

    from mlffbench.report.comparison.comparison import Comparison
    from mlffbench.report.comparison.pairs import Side

__all__ = ["comparison_json", "print_comparison"]

SYMBOLS = {"forces": "F", "energy_per_atom": "E", "stress": "S"}  # errors that are printed
DECIDED = ("better", "worse", "changed")
FEW = 24  # rows of a problem up to which all that are not equal are printed
LARGE = 10.0  # %, from which on a change of a time is printed
NAMED = 10  # lines of rows that are missing, of tasks, of circumstances
Sides = tuple["Side", "Side"]


def print_comparison(
    sides: Sides, comparison: Comparison, rope: tuple[float, float], everything: bool
) -> None:
    """Print errors, tasks, times and circumstances that changed; all numbers if `everything`.

    `rope` are the half widths of the region of practical equivalence, meV/Å and meV/atom.
    """
    for letter, side in zip("AB", sides, strict=True):
        say(f"{letter}: {side.name}")
    _print_lines([f"changed: {name}: {a} → {b}" for name, a, b in comparison.circumstances], everything)
    errors = comparison.errors[comparison.errors["quantity"].isin(list(SYMBOLS))]
    for problem, rows in errors.groupby("problem", sort=False):
        say(f"\n{problem}")
        _print_errors(rows, everything)
    if len(errors):
        console().print(_legend(errors, rope), highlight=False)
    _print_tasks(comparison.tasks, everything)
    _print_times(comparison.times, everything)
    say("")
    _print_lines(list(_missing(comparison)), everything)
    console().print(_summary(errors), highlight=False)


def comparison_json(sides: Sides, comparison: Comparison, worse: Sequence[str]) -> dict[str, Any]:
    """All numbers of a comparison, and the sentences on what is worse beyond the limit."""
    pairs = comparison.pairs
    return {
        "a": sides[0].name,
        "b": sides[1].name,
        "changed": [{"name": name, "a": a, "b": b} for name, a, b in comparison.circumstances],
        **{name: getattr(comparison, name).to_dict("records") for name in ("errors", "tasks", "times")},
        **{name: getattr(pairs, name) for name in ("only_a", "only_b", "failed_a", "failed_b", "refused")},
        "worse": list(worse),
    }


def _rows(table: pd.DataFrame) -> Iterable[Any]:
    return table.itertuples()


def _print_errors(rows: pd.DataFrame, everything: bool) -> None:
    """Print the errors of a problem; of very many those that changed, and of each method the first."""
    shown = rows if everything else rows[rows["verdict"] != "equal"]
    if not everything and len(shown) > FEW:
        shown = shown[shown["verdict"].isin(DECIDED) | ~shown.duplicated(["method"])]
    cells = [
        (row.method, f"{SYMBOLS[row.quantity]} {row.test}", *_numbers(row), _verdict(row))
        for row in _rows(shown)
    ]
    if cells:
        print_table(["method", "error", "A", "B", "B − A", "95 %", "verdict"], cells, 2)
    equal = int((rows["verdict"] == "equal").sum())
    for n, words in ((equal, "equal"), (len(rows) - len(shown) - equal, "not significantly changed")):
        if n and not everything:
            say(f"{n} others are {words}; --all prints them" if cells else f"all {n} are {words}")


def _numbers(row: Any) -> tuple[str, str, str, str]:
    from mlffbench.report.wording import MISSING, plain

    known = row.low == row.low
    interval = f"{_signed(row.low)}…{_signed(row.high)}" if known and row.verdict != "equal" else MISSING
    return plain(row.a), plain(row.b), _signed(row.difference), interval


def _signed(value: float) -> str:
    from mlffbench.report.wording import plain

    return f"+{plain(value)}" if value > 0 else plain(value)


def _verdict(row: Any) -> str:
    percent = f" {_signed(row.percent)} %" if row.verdict in DECIDED and row.percent == row.percent else ""
    unpaired = "" if row.paired or row.verdict == "equal" or row.reason else " ~"
    reason = f" ({row.reason})" if row.reason else ""
    return f"{row.verdict}{percent}{unpaired}{reason}"


def _legend(errors: pd.DataFrame, rope: tuple[float, float]) -> str:
    words = {"F": "F: forces, meV/Å", "E": "E: energy per atom, meV/atom", "S": "S: stress, meV/Å³"}
    used = [words[SYMBOLS[quantity]] for quantity in SYMBOLS if (errors["quantity"] == quantity).any()]
    unpaired = (~errors["paired"].astype(bool) & (errors["verdict"] != "equal")).any()
    return (
        f"RMSE; {'; '.join(used)}. Negative: B is better. 95 % interval of the difference on the same test "
        f"frames; equivalent: it lies within ±{rope[0]:g} meV/Å or ±{rope[1]:g} meV/atom. Verdicts hold for "
        "all rows together "
        "(Holm, 5 %)." + (" ~: documents without errors by cluster, not paired." if unpaired else "")
    )


def _print_tasks(tasks: pd.DataFrame, everything: bool) -> None:
    """Print numbers of tasks that changed."""
    from mlffbench.report.wording import plain

    if not len(tasks):
        return
    shown = tasks if everything else tasks[tasks["verdict"].isin(["better", "worse"])]
    counts = Counter(tasks["verdict"])
    said = ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())
    say(f"\nTasks: {len(tasks)} numbers, {said}")
    lines = [
        f"{row.method}: {row.task} {row.quantity} {row.metric}, {row.test}: {plain(row.a)} → "
        f"{plain(row.b)} {row.unit}: {row.verdict}"
        for row in _rows(shown)
    ]
    _print_lines(lines, everything)


def _print_times(times: pd.DataFrame, everything: bool) -> None:
    """Print times and memory; those of different machines only with `everything`."""
    from mlffbench.report.wording import plain

    alike = times[times["comparable"] & (times["percent"].abs() >= LARGE)]
    others = times[~times["comparable"]]
    for problem, rows in (times if everything else alike).groupby("problem", sort=False):
        cells = [
            (row.method, f"{row.quantity}, {row.unit}", plain(row.a), plain(row.b),
             f"{_signed(row.percent)} %" if row.comparable else "other machine")
            for row in _rows(rows)
        ]  # fmt: skip
        which = "" if everything else f"; changes of {LARGE:g} % or more"
        say(f"\nTimes and memory, one measurement each, no interval{which}: {problem}")
        print_table(["method", "quantity", "A", "B", "B − A"], cells, 2)
    if len(others) and not everything:
        names = ", ".join(dict.fromkeys(others["method"]))
        say(f"\nTimes not compared, as machine or settings differ: {names}")


def _missing(comparison: Comparison) -> Iterator[str]:
    """Sentences on rows that could not be compared."""
    pairs = comparison.pairs
    for title, reason in pairs.refused.items():
        yield f"not compared: {title}: {reason}"
    for letter, failed in (("A", pairs.failed_a), ("B", pairs.failed_b)):
        for title, reason in failed.items():
            yield f"failed in {letter}: {title}: {reason}"
    for letter, only in (("A", pairs.only_a), ("B", pairs.only_b)):
        for title in only:
            yield f"only in {letter}: {title}"


def _print_lines(lines: Sequence[str], everything: bool) -> None:
    for line in lines if everything else lines[:NAMED]:
        say(line)
    if len(lines) > NAMED and not everything:
        say(f"and {len(lines) - NAMED} more; --all prints them")


def _summary(errors: pd.DataFrame) -> str:
    counts = Counter(errors["verdict"])
    order = ("better", "worse", "equivalent", "equal", "not told apart")
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in order if counts[verdict])
    return f"B against A: {len(errors)} errors on test groups: {said or 'none'}"
