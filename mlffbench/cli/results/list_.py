"""Command ``mlffbench results list``: the cases of results folders, one line each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mlffbench.cli.console import print_json, print_lines, refusals, say
from mlffbench.cli.data.arguments import Json
from mlffbench.cli.results.filters import (
    Folders,
    Kind,
    Method,
    Problem,
    Status,
    Where,
    chosen_rows,
    results_of,
)  # fmt: skip

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["list_"]

SHOWN = {  # columns of the table, and their heads
    "status": "state", "problem": "problem", "method": "method", "seed": "seed", "error": "error",
    "unit": "unit", "fit_seconds": "fit (s)", "date": "date", "id": "id",
}  # fmt: skip
WORDS = 3  # columns of text that come first
CONSTANT = ("problem", "seed", "unit")  # said below the table where all rows have the same


def list_(
    folders: Folders, method: Method = None, problem: Problem = None, status: Status = None,
    kind: Kind = None, where: Where = None, json_: Json = False,
) -> None:  # fmt: skip
    """List cases with state, ranking error, time and date; a line for each reason of a failure."""
    with refusals():
        cases = chosen_rows(results_of(folders).cases, method, problem, status, kind, where)
        if json_:
            print_json(cases.astype(object).where(cases.notna(), None).to_dict("records"))
            return
        _print(cases)


def _print(cases: pd.DataFrame) -> None:
    same = {name: cases[name].iloc[0] for name in CONSTANT if cases[name].nunique(dropna=False) == 1}
    names = [name for name in SHOWN if name not in same]
    columns = [_texts(name, cases[name].tolist()) for name in names]
    words = sum(name in names for name in list(SHOWN)[:WORDS])
    if len(cases):
        print_lines([SHOWN[name] for name in names], list(zip(*columns, strict=True)), words)
    for reason, n in _reasons(cases).most_common():
        say(f"{n} failed: {reason}")
    fixed = ", ".join(f"{name} {value}" for name, value in same.items() if value not in (None, ""))
    counts = Counter(cases["status"])
    states = ", ".join(f"{counts[state]:,} {state}" for state in ("ok", "failed") if counts[state])
    say(f"{len(cases):,} cases: {states or 'none'}" + (f"; {fixed}" if fixed else ""))


def _texts(name: str, values: list[Any]) -> list[str]:
    if name in ("error", "fit_seconds"):
        return ["-" if value is None or value != value else f"{value:.4g}" for value in values]
    if name == "date":
        return [str(value)[:16].replace("T", " ") for value in values]
    return ["-" if value is None else str(value) for value in values]


def _reasons(cases: pd.DataFrame) -> Counter[str]:
    failed = cases[cases["status"] == "failed"]
    messages = (str(text).strip().partition("\n")[0][:200] for text in failed["message"])
    return Counter(f"{kind}: {message}" for kind, message in zip(failed["kind"], messages, strict=True))
