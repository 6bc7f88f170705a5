"""Work bound by the launches of kernels: one molecule with MACE, steps of a Behler–Parrinello network.

And its contrary, a thousand molecules as one system with the same MACE, which is bound by memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
from _gpu import ROOT, Claim, Fact, Parts, Run, capturing, dataset, estimator, uncaptured
from _peer import at_least, at_most

from mlffbench.system.timing import measure
from mlffbench.tasks.timings.systems import copies_of

MACE = {"preset": "medium", "num_channels": 256, "max_L": 2, "dtype": "float32"}
WARM, REPEATS = 6, 50
MANY = 1000
FRAMES = 200  # of which the Behler–Parrinello network is fitted to 180, in 18 steps an epoch
BATCH, HELD_OUT = 10, 0.1  # the estimator's defaults
EPOCHS, FIRST = {"captured": 40, "plain": 10}, 3  # the first epochs are left out
BEFORE = "cd41208974e41907e170fcf07b2449f48e0a1378"  # the last revision whose steps are not captured


def parts(run: Run) -> Parts:
    return {"one molecule": one_molecule, "many molecules": many_molecules, "behler_parrinello": steps}


def one_molecule(run: Run) -> dict[str, Any]:
    """Median times of one AcAc molecule's energy and forces, ms: evaluation alone, and with preparation."""
    model, frames = _mace(run)
    with capturing(run):
        answer = {"kernels": model.kernels_, "captured": _times(run, model, frames)}
    with uncaptured():
        answer["plain"] = _times(run, model, frames)
    return answer


def _mace(run: Run) -> tuple[Any, list[Any]]:
    data, train, tests = dataset(run, 20)
    model = estimator(run, "mace", data, MACE, max_epochs=1)
    model.fit([data.frames[i] for i in train], data.labels[train])
    return model, [data.frames[i] for i in tests["300K"][:5]]


def _times(run: Run, model: Any, frames: list[Any]) -> dict[str, Any]:
    """The predictions are arrays on the host, so that nothing is queued when the clock is read."""
    prepared = [model.prepare([atoms]) for atoms in frames]
    samples = {
        "evaluate": _samples(run, lambda k: model.evaluate(prepared[k])),
        "prepare_and_evaluate": _samples(run, lambda k: model.predict([frames[k]])),
    }
    return {name: {"median_ms": float(np.median(v)), "samples_ms": v} for name, v in samples.items()}


def _samples(run: Run, call: Callable[[int], Any]) -> list[float]:
    milliseconds = []
    for k in range(WARM + (5 if run.small else REPEATS)):
        start = perf_counter()
        call(k % 5)
        milliseconds.append(1e3 * (perf_counter() - start))
    return milliseconds[WARM:]


def many_molecules(run: Run) -> dict[str, Any]:
    """Seconds and memory of one system of many molecules: energy and forces."""
    model, frames = _mace(run)
    system = copies_of(frames[0], 20 if run.small else MANY)
    prepared = model.prepare([system])
    seconds = []
    for _ in range(2):
        with measure(run.device) as evaluation:
            model.evaluate(prepared)
        seconds.append(evaluation.seconds)
    return {"atoms": len(system), "seconds": seconds, "peak_gpu_memory_mb": evaluation.peak_gpu_memory_mb}


def steps(run: Run) -> dict[str, Any]:
    """Steps a second of a Behler–Parrinello fit, validation included: today's, and those before capture."""
    answer = {"before": _steps_before(run)}
    with uncaptured():
        answer["plain"] = _steps_per_second(run, "float64", "plain")
    with capturing(run):
        for dtype in ("float64", "float32"):
            answer[f"captured, {dtype}"] = _steps_per_second(run, dtype, "captured")
    return answer


def _steps_per_second(run: Run, dtype: str, kind: str) -> dict[str, Any]:
    data, train, _ = dataset(run, FRAMES)
    model = estimator(run, "behler_parrinello", data, {}, **_keywords(run, dtype, kind))
    model.fit([data.frames[i] for i in train], data.labels[train])
    told = {"captured_": model.captured_, "dtype_": model.dtype_}
    return _rate(len(train), [row["seconds"] for row in model.history_]) | told


def _keywords(run: Run, dtype: str, kind: str) -> dict[str, Any]:
    epochs = 5 if run.small else EPOCHS[kind]
    return {"dtype": dtype, "max_epochs": epochs, "patience": None, "batch_size": BATCH}


def _steps_before(run: Run) -> dict[str, Any]:
    """The same with the package of the revision `BEFORE`, in a process of its own."""
    n = 20 if run.small else FRAMES
    keywords = _keywords(run, "float64", "plain") | {"device": run.device}
    with _package_before() as package:
        path = os.pathsep.join([str(package), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, Path(__file__).with_name("fit_of_before.py"), json.dumps([n, keywords])]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return _rate(n, json.loads(done.stdout.splitlines()[-1]))


@contextmanager
def _package_before() -> Iterator[Path]:
    """Folder of that package: as `collect.sh` left it, or from the repository."""
    kept = ROOT / ".gpu" / "before"
    if kept.exists():
        yield kept
        return
    with TemporaryDirectory() as folder:
        archive = ["git", "-C", str(ROOT), "archive", BEFORE, "mlffbench"]
        files = subprocess.run(archive, capture_output=True, check=True).stdout
        subprocess.run(["tar", "x", "-C", folder], input=files, check=True)
        yield Path(folder)


def _rate(frames: int, ends: list[float]) -> dict[str, Any]:
    """Steps a second from the seconds of the epochs' ends, the first epochs left out."""
    batches = -(-(frames - round(HELD_OUT * frames)) // BATCH)
    rate = batches * (len(ends) - FIRST) / (ends[-1] - ends[FIRST - 1])
    return {"steps_per_second": rate, "epochs": len(ends)}


def claims(numbers: Mapping[str, Any]) -> list[Claim]:
    rows = []
    if molecule := numbers.get("one molecule"):
        time = molecule["captured"]["evaluate"]["median_ms"]
        rows.append(at_most("one molecule, energy and forces, MACE 256x2", time, 3.0, "ms"))
    if (many := numbers.get("many molecules")) and many["peak_gpu_memory_mb"] is not None:
        memory = many["peak_gpu_memory_mb"] / 1024
        rows.append(at_most(f"memory for {many['atoms']} atoms, MACE 256x2", memory, 75.0, "GiB"))
    if network := numbers.get("behler_parrinello"):
        ratio = network["captured, float64"]["steps_per_second"] / network["before"]["steps_per_second"]
        rows.append(at_least("Behler–Parrinello, steps a second, over those before capture", ratio, 20.0))
    return rows


def facts(numbers: Mapping[str, Any]) -> list[Fact]:
    network, what = numbers.get("behler_parrinello", {}), "Behler–Parrinello, steps a second"
    rows = [Fact(f"{what}, {k}", v["steps_per_second"], "") for k, v in network.items()]
    if many := numbers.get("many molecules"):
        microseconds = 1e6 * many["seconds"][-1] / many["atoms"]
        rows.append(Fact(f"one system of {many['atoms']} atoms, MACE 256x2", microseconds, "µs/atom"))
    return rows
