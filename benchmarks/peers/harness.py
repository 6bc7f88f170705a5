"""Overhead of the harness: trivial cases by local pool, dask cluster and joblib; what two workers are worth.

    python benchmarks/peers/harness.py [--quick]

The trivial case fits `atomic_reference` to six frames and predicts nine. Its overhead is the wall time of a
run of 1,000 by two workers, a case, beyond half of such a fit with the data at hand: splits, checks of
leakage, scores with intervals, provenance, the model, the predictions, the document, and all processes with
their start. joblib does nothing but fit and predict. Fits of 5 s by one and by two workers tell what two
workers are worth: fits that wait, and fits that compute, whose gain the machine limits to that of two
processes without a harness.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from _peer import Claim, at_least, at_most, publish
from harness_fits import TRIVIAL, computed, plain_fit
from joblib import Parallel, delayed

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import load_dataset
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute
from mlffbench.registry.trusted import trust

WORKERS = 2
Run = Callable[[int], None]


class Observer:
    """Observer that ends the benchmark when a case fails, and else hears nothing."""

    def finished(self, case: Case, document: dict[str, Any]) -> None:
        assert document["status"] == "ok", document["failure"]

    def __getattr__(self, event: str) -> Callable[..., None]:
        return lambda *_: None


def cases(n: int, estimator: Spec) -> list[Case]:
    digest = load_dataset(TRIVIAL).digest
    return [Case("harness", "row", TRIVIAL, Spec("official"), estimator, k, digest) for k in range(n)]


def with_executor(name: str, jobs: int, estimator: Spec, n: int) -> None:
    """Run `n` cases in a results folder, which is checked and removed."""
    executor = registry.make({name: {"jobs": jobs}}, ("executors",))
    with tempfile.TemporaryDirectory() as folder:
        store, wanted = Store(Path(folder)), cases(n, estimator)
        execute(wanted, store, Observer(), executor)
        assert all(store.document_path(case.id).exists() for case in wanted)


def with_joblib(n: int) -> None:
    assert len(Parallel(WORKERS)(delayed(plain_fit)(k) for k in range(n))) == n


def timed(work: Callable[[], object]) -> dict[str, float]:
    """Wall time, and CPU time of this process and of those that end below it."""
    cpu, begun = _cpu(), time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - begun, "cpu_seconds": _cpu() - cpu}


def _cpu() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def overheads(n: int) -> dict[str, dict[str, float]]:
    """Milliseconds of a trivial case in each of the three, beyond the fit itself."""
    bare = 1e3 * statistics.median(plain_fit(k)[0] for k in range(100))
    trivial = Spec("atomic_reference")
    runs: dict[str, Run] = {
        "local pool": partial(with_executor, "local", WORKERS, trivial),
        "dask cluster": partial(with_executor, "dask", WORKERS, trivial),
        "joblib": with_joblib,
    }
    if "dask" not in registry.names("executors"):
        del runs["dask cluster"]
    rows: dict[str, dict[str, float]] = {"bare": {"ms": bare}}
    for name, run in runs.items():
        load = os.getloadavg()[0]
        cost = timed(partial(run, n))
        ms, cpu_ms = 1e3 * cost["seconds"] / n, 1e3 * cost["cpu_seconds"] / n
        rows[name] = {"ms": ms, "overhead_ms": ms - bare / WORKERS, "cpu_ms": cpu_ms, "load_before": load}
        print(name, {key: round(value, 1) for key, value in rows[name].items()}, flush=True)
    return rows


def gains(n: int, seconds: float) -> dict[str, dict[str, float]]:
    """Wall time of fits by one worker over that by two: by the harness, and of processes without one."""
    products = max(1, round(seconds / (computed(200) / 200)))
    fits = {
        "fits that wait": Spec("harness_fits:Waits", {"seconds": seconds}),
        "fits that compute": Spec("harness_fits:Computes", {"products": products}),
    }
    rows = {}
    for name, spec in fits.items():
        walls = [timed(partial(with_executor, "local", jobs, spec, n))["seconds"] for jobs in (1, 2)]
        rows[name] = {"one": walls[0], "two": walls[1], "gain": walls[0] / walls[1]}
        print(name, {key: round(value, 2) for key, value in rows[name].items()}, flush=True)
    bare = [timed(partial(_computed_by, jobs, n, products))["seconds"] for jobs in (1, 2)]
    rows["computing without a harness"] = {"one": bare[0], "two": bare[1], "gain": bare[0] / bare[1]}
    return rows


def _computed_by(jobs: int, n: int, products: int) -> None:
    Parallel(jobs)(delayed(computed)(products) for _ in range(n))


def claims_of(costs: Mapping[str, Any], worth: Mapping[str, Any]) -> list[Claim]:
    waiting, computing = (worth[f"fits that {what}"]["gain"] for what in ("wait", "compute"))
    of_bare = computing / worth["computing without a harness"]["gain"]
    return [
        at_most("overhead of a case, local pool", costs["local pool"]["overhead_ms"], 50, "ms"),
        at_least("speed of two workers, of one, on fits of 5 s that wait", waiting, 0.85 * 2),
        at_least("the same on fits that compute, of the gain of bare processes", of_bare, 0.85),
    ]


def main(quick: bool) -> None:
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    os.environ["OMP_NUM_THREADS"] = "1"
    trust("harness_fits")
    costs = overheads(50 if quick else 1000)
    worth = gains(4, 1.0) if quick else gains(8, 5.0)
    claims = claims_of(costs, worth)
    if quick:
        print([(claim.what, round(claim.measured, 2), claim.holds) for claim in claims])
    else:
        publish("harness", claims, {"trivial_cases": costs, "fits_of_5_s": worth}, about=__doc__)


if __name__ == "__main__":
    main("--quick" in sys.argv)
