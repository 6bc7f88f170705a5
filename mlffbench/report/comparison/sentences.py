"""Rows of a comparison as cells and sentences, for a terminal and for markdown."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from mlffbench.report.comparison.comparison import Comparison
from mlffbench.report.comparison.errors import EQUAL
from mlffbench.report.comparison.one_sided import LOST, ONLY_A, ONLY_B, one_sided_lines
from mlffbench.report.comparison.tasks import CHANGED
from mlffbench.report.statistics.paired import BETTER, EQUIVALENT, UNDECIDED, WORSE
from mlffbench.report.wording import MISSING, plain

__all__ = [
    "DECIDED", "HEAD", "ONE_SIDED", "UNITS", "compared_errors", "error_cells", "legend", "not_compared",
    "signed", "summary", "task_line",
]  # fmt: skip

SYMBOLS = {"forces": "F", "energy_per_atom": "E", "stress": "S"}  # errors that are shown
UNITS = {"energy_per_atom": "meV/atom", "forces": "meV/Å"}  # of the regions of practical equivalence
HEAD = ("method", "error", "A", "B", "B − A", "95 %", "P(B\nbetter)", "verdict")
DECIDED = (BETTER, WORSE, CHANGED)
ONE_SIDED = (LOST, ONLY_A, ONLY_B)
ORDER = (BETTER, WORSE, EQUIVALENT, EQUAL, UNDECIDED, *ONE_SIDED)


def compared_errors(comparison: Comparison) -> pd.DataFrame:
    """Errors of both sides that are shown."""
    errors = comparison.errors
    return errors[errors["quantity"].isin(list(SYMBOLS)) & ~errors["verdict"].isin(ONE_SIDED)]


def error_cells(row: Any) -> tuple[str, ...]:
    """Texts of an error under `HEAD`."""
    known = math.isfinite(row.low) and row.verdict != EQUAL
    interval = f"{signed(row.low)}…{signed(row.high)}" if known else MISSING
    error = f"{SYMBOLS[row.quantity]} {row.test}"
    numbers = plain(row.a), plain(row.b), signed(row.difference), interval, _probability(row.p_better)
    return row.method, error, *numbers, _verdict(row)


def signed(value: float) -> str:
    """Three significant digits with their sign."""
    return f"+{plain(value)}" if value > 0 else plain(value)


def _probability(value: float) -> str:
    """Three decimals, of which neither 0 nor 1 is made."""
    if math.isnan(value):
        return MISSING
    if min(value, 1.0 - value) < 0.001:
        return "<0.001" if value < 0.5 else ">0.999"
    return f"{value:.3f}"


def _verdict(row: Any) -> str:
    percent = f" {signed(row.percent)} %" if row.verdict in DECIDED and row.percent == row.percent else ""
    unpaired = "" if row.paired or row.verdict == EQUAL or row.reason else " ~"
    reason = f" ({row.reason})" if row.reason else ""
    return f"{row.verdict}{percent}{unpaired}{reason}"


def legend(errors: pd.DataFrame, rope: Mapping[str, float]) -> str:
    """Paragraph that says how to read the errors; the region of practical equivalence is one sentence."""
    words = {"F": "F: forces, meV/Å", "E": "E: energy per atom, meV/atom", "S": "S: stress, meV/Å³"}
    used = [words[SYMBOLS[quantity]] for quantity in SYMBOLS if (errors["quantity"] == quantity).any()]
    unpaired = (~errors["paired"].astype(bool) & (errors["verdict"] != EQUAL)).any()
    regions = [f"±{1000 * rope.get(name, 0.0):g} {unit}" for name, unit in UNITS.items()]
    return (
        f"RMSE; {'; '.join(used)}. Negative: B is better. 95 % interval of the difference on the same test "
        "frames; P(B better): probability that B has the smaller error, of each row alone. Differences "
        f"within {' and '.join(regions)} are of no practical importance: equivalent, if the whole interval "
        "lies there; else better or worse, if it excludes 0; else not told apart. Better and worse hold for "
        "all rows together (Holm, 5 %)."
        + (" ~: documents without errors by cluster, not paired." if unpaired else "")
    )


def summary(comparison: Comparison) -> str:
    """Sentence with the number of each verdict on errors."""
    errors = comparison.errors[comparison.errors["quantity"].isin(list(SYMBOLS))]
    counts = Counter(errors["verdict"])
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ORDER if counts[verdict])
    return f"B against A: {len(errors)} errors on test groups: {said or 'none'}"


def task_line(row: Any) -> str:
    """Sentence on a number of a task."""
    better = f", P(B better) {_probability(row.p_better)}" if row.p_better == row.p_better else ""
    reason = f" ({row.reason})" if row.reason and row.verdict in (BETTER, WORSE) else ""
    return (
        f"{row.method}: {row.task} {row.quantity} {row.metric}, {row.test}: {plain(row.a)} → "
        f"{plain(row.b)} {row.unit}: {row.verdict}{reason}{better}"
    )


def not_compared(comparison: Comparison) -> Iterator[str]:
    """Sentences on rows, and on numbers of rows, that could not be compared."""
    pairs, numbers = comparison.pairs, comparison.numbers
    yield from one_sided_lines(numbers, LOST)
    for title, reason in pairs.refused.items():
        yield f"not compared: {title}: {reason}"
    for letter, failed in (("A", pairs.failed_a), ("B", pairs.failed_b)):
        for title, reason in failed.items():
            yield f"failed in {letter}: {title}: {reason}"
    for letter, only in (("A", pairs.only_a), ("B", pairs.only_b)):
        for title in only:
            yield f"only in {letter}: {title}"
    for verdict in (ONLY_A, ONLY_B):
        yield from one_sided_lines(numbers, verdict)
