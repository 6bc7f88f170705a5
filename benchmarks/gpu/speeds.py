"""The `speed` task for every estimator that takes a device, fitted briefly to AcAc."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from _gpu import Claim, Fact, Parts, Run, dataset, estimator

from mlffbench import registry
from mlffbench.data import Split

COMPOSITE = {"committee", "delta_learning", "pretrained"}  # made of the others
BRIEF = {"max_epochs": 2, "max_iterations": 5, "n_starts": 1}
SIZES: dict[str, dict[str, Any]] = {"mace": {"preset": "medium"}, "behler_parrinello": {"dtype": "float32"}}
FIRST = ("mace", "soap_gpr", "behler_parrinello", "equivariant_network")  # measured before the others


def parts(run: Run) -> Parts:
    names = [n for n in registry.names("estimators") if "device" in _keywords(n) and n not in COMPOSITE]
    names = sorted(filter(_installed, names), key=lambda n: (FIRST.index(n) if n in FIRST else len(FIRST), n))
    return {name: partial(measured, name) for name in (names[:2] if run.small else names)}


def _keywords(name: str) -> Mapping[str, Any]:
    return inspect.signature(registry.load("estimators", name)).parameters


def _installed(name: str) -> bool:
    try:
        registry.load("estimators", name)._check_installed()
    except ImportError:
        return False
    return True


def measured(name: str, run: Run) -> dict[str, Any]:
    """Rows of the task."""
    data, train, tests = dataset(run, 200)
    brief = {k: v for k, v in BRIEF.items() if k in _keywords(name)}
    model = estimator(run, name, data, SIZES.get(name, {}), **brief)
    model.fit([data.frames[i] for i in train], data.labels[train])
    task = registry.load("tasks", "speed")
    rows = task(model, data, Split(train, tests), seed=0, **(SMALL if run.small else LARGE))
    kept = [{k: v for k, v in asdict(row).items() if v not in (None, "")} for row in rows]
    return {"rows": [{"type": type(row).__name__, **k} for row, k in zip(rows, kept, strict=True)]}


# of the task: seconds of one estimator, of 13
SMALL: dict[str, Any] = {"copies": [1, 2], "batches": [1, 2], "repeats": 1, "max_seconds": 1.0}
LARGE: dict[str, Any] = {"batches": [1, 8, 64, 512, 4096], "max_seconds": 2.5}


def claims(numbers: Mapping[str, Any]) -> list[Claim]:
    return []


def facts(numbers: Mapping[str, Any]) -> list[Fact]:
    """Time per atom of the largest system of each."""
    rows = []
    for name, part in numbers.items():
        systems = [row for row in part.get("rows", ()) if _is_evaluation_of_system(row)]
        rows += [Fact(f"{name}, {row['test']}, evaluate", row["value"], "µs/atom") for row in systems[-1:]]
    return rows


def _is_evaluation_of_system(row: Mapping[str, Any]) -> bool:
    return (row.get("quantity"), row.get("metric")) == ("evaluate", "time_per_atom") and "copies" in row[
        "test"
    ]
