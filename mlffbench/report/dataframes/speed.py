"""Summary of the task speed: latency, throughput, law of growth and cold start of each method."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from mlffbench.report.dataframes.records import records
from mlffbench.report.quantities.speed import SUMMARY

__all__ = ["COLUMNS", "SIZE", "speed_summary"]

SIZE = r"(?:\d+ copies|batch of \d+), \d+ atoms"  # a test of speed: a system or a batch
COLUMNS = {  # of numbers: their names and units in a report
    entry.quantity: (entry.name, entry.unit) for entry in SUMMARY
}
PLAIN = (  # columns that are one score of this test
    ("power law", ("prefactor", "exponent", "least_atoms", "most_atoms")),
    ("latency", ("launches", "times_launch_floor")),
    ("throughput", ("matrix_product", "times_matrix_product_floor")),
)


def speed_summary(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a method, with the columns method and `COLUMNS`; NaN where nothing was measured.

    The latency is the time of preparation and evaluation of the smallest system, `best` the least time an
    atom of an evaluation over all systems and batches, `cold_start` that from the model's file (or from the
    start of Python) to the end of the first prediction.
    """
    rows = [{"method": method, **_summary(own)} for method, own in scores.groupby("method", sort=False)]
    frame = pd.DataFrame(rows, columns=["method", *COLUMNS])
    return frame.astype(dict.fromkeys(COLUMNS, float))


def _summary(scores: pd.DataFrame) -> dict[str, float]:
    value = {(r["test"], r["quantity"], r["metric"]): float(r["value"]) for r in records(scores)}
    summary = {
        name: number
        for test, names in PLAIN
        for name in names
        if (number := value.get((test, "evaluate", name))) is not None
    }
    cold = [number for (test, _, metric), number in value.items() if (test, metric) == ("cold start", "time")]
    return {**summary, **_of_sizes(value), **({"cold_start": sum(cold)} if cold else {})}


def _of_sizes(value: dict[tuple[str, str, str], float]) -> dict[str, float]:
    """Latency, dynamics and the best time of an atom."""
    timed = {test: n for (test, *what), n in value.items() if what == ["evaluate", "time_per_atom"]}
    per_atom = {test: number for test, number in timed.items() if re.fullmatch(SIZE, test)}
    if not per_atom:
        return {}
    best = min(per_atom, key=per_atom.__getitem__)
    summary: dict[str, Any] = {"best": per_atom[best], "best_atoms": _atoms(best)}
    if systems := [test for test in per_atom if " copies," in test]:
        smallest = min(systems, key=_atoms)
        both = per_atom[smallest] + value.get((smallest, "prepare", "time_per_atom"), float("nan"))
        summary["latency"] = 1e-3 * both * _atoms(smallest)
        if days := value.get((smallest, "dynamics", "days_per_ns")):
            summary["ns_per_day"] = 1 / days
    return summary


def _atoms(test: str) -> int:
    return int(test.split(", ")[1].split()[0])
