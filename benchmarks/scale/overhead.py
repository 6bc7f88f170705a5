"""Overhead of a case: seconds that its process costs beyond dataset, fit, predictions and scores.

    python benchmarks/scale/overhead.py

One and eleven cases of a toy estimator are run in this process, then each in a process of its own, as
`mlffbench run` does, and by two workers that stay, as `mlffbench run --jobs 2` does; the difference is the
cost of a case after the first, which pays the imports. A worker that stays keeps the dataset, so that its
overhead may be negative. Wall time depends on what else the machine does; CPU seconds, of all processes
together, hardly do.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlffbench.data import Spec
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import load_dataset
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute
from mlffbench.harness.executors.local import Local
from mlffbench.harness.run import run
from mlffbench.system.provenance import provenance

ROOT = Path(__file__).parents[2]
DATASET = Spec("lennard_jones", {"n_train": 6, "n_test": 3})


class Clock:
    """Observer that notes when each case started and finished."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._begun: dict[str, float] = {}

    def started(self, case: Case) -> None:
        self._begun[case.id] = time.perf_counter()

    def finished(self, case: Case, document: dict[str, Any]) -> None:
        assert document["status"] == "ok", document["failure"]
        self.seconds.append(time.perf_counter() - self._begun[case.id])

    def __getattr__(self, event: str) -> Callable[..., None]:
        return lambda *_: None


def toy_cases(n: int) -> list[Case]:
    digest = load_dataset(DATASET).digest
    return [
        Case("overhead", "toy", DATASET, Spec("official"), Spec("atomic_reference"), seed, digest)
        for seed in range(n)
    ]


def seconds_of(work: Callable[[], object]) -> tuple[float, float]:
    """Wall time, and CPU time of this process and of those that have ended below it."""
    cpu, start = _cpu(), time.perf_counter()
    work()
    return time.perf_counter() - start, _cpu() - cpu


def _cpu() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measure(n: int, jobs: int) -> dict[str, Any]:
    """Cost of `n` cases beyond what they cost in this process, in all; the first one pays the imports."""
    cases, clock, load = toy_cases(n), Clock(), os.getloadavg()[0]
    run(cases[0])
    work_wall, work_cpu = seconds_of(lambda: [run(case) for case in cases])
    with tempfile.TemporaryDirectory() as name:
        wall, cpu = seconds_of(lambda: execute(cases, Store(Path(name)), clock, Local(jobs)))
    return {
        "cases": n,
        "jobs": jobs,
        "work_seconds": work_wall,
        "work_cpu_seconds": work_cpu,
        "overhead_seconds": wall - work_wall,
        "overhead_cpu_seconds": cpu - work_cpu,
        "median_seconds_of_a_case": statistics.median(clock.seconds),
        "load_average_before": load,
    }


def per_later_case(one: dict[str, Any], many: dict[str, Any]) -> dict[str, float]:
    """Overhead of each case after the first."""
    keys = ("overhead_seconds", "overhead_cpu_seconds")
    return {key: (many[key] - one[key]) / (many["cases"] - one["cases"]) for key in keys}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "results/scale/overhead.json")
    parser.add_argument("--cases", type=int, default=10)
    args = parser.parse_args()
    document: dict[str, Any] = {"about": __doc__, "rows": [], "provenance": provenance()}
    for jobs, name in ((1, "per_later_case"), (2, "per_later_case_of_workers_that_stay")):
        rows = [measure(jobs, jobs), measure(jobs + args.cases, jobs)]
        document["rows"] += rows
        document[name] = per_later_case(*rows)
        for row in (*rows, document[name]):
            print(json.dumps({key: round(value, 3) for key, value in row.items()}), flush=True)
    args.out.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
