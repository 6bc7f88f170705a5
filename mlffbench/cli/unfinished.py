"""Cases that the suite of a results folder asks for and that have not finished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mlffbench.cli.console import say
from mlffbench.harness.documents.kept_suite import kept_rows
from mlffbench.system.failures import INFRASTRUCTURE

__all__ = ["say_unfinished", "unfinished_rows"]

MOST = 10  # names


def say_unfinished(folder: Path, documents: Iterable[Mapping[str, Any]]) -> None:
    """Say on stderr that a report is of a part of the cases that the kept suite of the folder asks for."""
    planned, missing = unfinished_rows(folder, documents)
    if not missing:
        return
    rows = [f"{label}, seed {seed}" + f" ({n} problems)" * (n > 1) for (label, seed), n in missing.items()]
    names = "; ".join(rows[:MOST]) + (f"; and {len(rows) - MOST} others" if len(rows) > MOST else "")
    say(
        f"careful: {planned - missing.total()} of {planned} cases have finished, ranks may "
        f"change; running or waiting: {names}; 'mlffbench run {folder}' goes on",
        err=True,
    )


def unfinished_rows(
    folder: Path, documents: Iterable[Mapping[str, Any]]
) -> tuple[int, Counter[tuple[str, int]]]:
    """Number of cases of the kept suite, and row and seed of those that have not finished, with numbers."""
    planned = Counter(kept_rows(folder))
    there = Counter((d["case"]["label"], d["case"]["seed"]) for d in documents if not _is_lost(d))
    return planned.total(), planned - there


def _is_lost(document: Mapping[str, Any]) -> bool:
    """True for a case that was interrupted, or lost with its process."""
    return (document.get("failure") or {}).get("kind") in INFRASTRUCTURE
