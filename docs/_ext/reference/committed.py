"""Numbers of committed results, read from their tables."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from mlffbench.report.quantities.catalogue import find_quantity
from mlffbench.report.quantities.quantity import Quantity

__all__ = ["Row", "leaderboard_rows", "quantity_values"]

RESULTS = Path(__file__).resolve().parents[3] / "results"
Row = Mapping[str, Any]


@cache
def leaderboard_rows() -> tuple[Row, ...]:
    """Rows of all leaderboards on the group that ranks, with ``suite``, ``estimator``, ``dataset``."""
    return tuple(row for file in sorted(RESULTS.glob("*/leaderboard.csv")) for row in _rows(file))


def _rows(file: Path) -> Iterator[Row]:
    cases = _cases(file.parent)
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            case = cases.get(row["method"].lstrip("'"))
            if case and row["status"] == "ok" and row["ranked by"].endswith(f" on {row['test']}"):
                names = {key: case[key]["name"] for key in ("estimator", "dataset")}
                yield {**row, "suite": file.parent.name, **names, "dataset": _dataset(row["problem"])}


def _cases(folder: Path) -> dict[str, dict[str, Any]]:
    """Cases of a results folder by the labels of their rows."""
    documents = (json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*-*.json")))
    return {d["case"]["label"]: d["case"] for d in documents if "case" in d}


def _dataset(problem: str) -> str:
    """Name of the data in the name of a problem: ``rmd17(molecule='ethanol') · official``."""
    return problem.lstrip("'").partition(" · ")[0].partition("(")[0].strip()


@cache
def quantity_values() -> dict[tuple[str, str, str], dict[str, Any]]:
    """Of every quantity in committed scores: how many rows, least, median, largest, and the suites."""
    values: dict[tuple[str, str, str], list[float]] = {}
    suites: dict[tuple[str, str, str], set[str]] = {}
    for suite, row in _scores():
        entry = _entry(row)
        if entry is not None:
            values.setdefault(entry.key, []).append(float(row["value"]))
            suites.setdefault(entry.key, set()).add(suite)
    return {
        key: {
            "n": len(own),
            "least": min(own),
            "median": median(own),
            "largest": max(own),
            "suites": sorted(suites[key]),
        }
        for key, own in values.items()
    }


def _entry(row: Row) -> Quantity | None:
    return find_quantity(row["task"], row["quantity"], row["metric"])


def _scores() -> Iterator[tuple[str, Row]]:
    for file in sorted(RESULTS.glob("*/scores.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row["value"] and row["task"] != "training":
                    yield file.parent.name, row
