"""Work that is bound by the launches of kernels: one molecule with MACE, steps of a Behler–Parrinello network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from _gpu import Claim, Parts, Run, dataset, estimator, uncaptured
from _peer import at_least, at_most

from mlffbench.system.timing import measure

MACE = {"preset": "medium", "num_channels": 256, "max_L": 2, "dtype": "float32"}
WARM, REPEATS = 6, 50
FRAMES, EPOCHS, FIRST = 200, 40, 8  # of the Behler–Parrinello network; the first epochs are left out


def parts(run: Run) -> Parts:
    return {"one molecule, mace 256x2": one_molecule, "behler_parrinello": steps}


def one_molecule(run: Run) -> dict[str, Any]:
    """Median times of one AcAc molecule's energy and forces, ms: evaluation alone, and with preparation."""
    data, train, tests = dataset(run, 20)
    model = estimator(run, "mace", data, MACE, max_epochs=1)
    model.fit([data.frames[i] for i in train], data.labels[train])
    frames = [data.frames[i] for i in tests["300K"][:5]]
    answer = {"kernels": model.kernels_, "captured": _times(run, model, frames)}
    with uncaptured():
        answer["plain"] = _times(run, model, frames)
    return answer


def _times(run: Run, model: Any, frames: list[Any]) -> dict[str, Any]:
    repeats = 5 if run.small else REPEATS
    samples: dict[str, list[float]] = {"evaluate": [], "prepare_and_evaluate": []}
    for k in range(WARM + repeats):
        with measure(run.device) as whole:
            prepared = model.prepare([frames[k % len(frames)]])
            with measure(run.device) as part:
                model.evaluate(prepared)
        if k >= WARM:
            samples["evaluate"].append(1e3 * part.seconds)
            samples["prepare_and_evaluate"].append(1e3 * whole.seconds)
    return {name: {"median_ms": float(np.median(v)), "samples_ms": v} for name, v in samples.items()}


def steps(run: Run) -> dict[str, Any]:
    """Steps a second of a Behler–Parrinello fit, captured and plain, validation included."""
    with uncaptured():
        plain = _steps_per_second(run, "float64")
    answer = {"captured": _steps_per_second(run, "float64"), "plain": plain}
    return answer | {"captured_float32": _steps_per_second(run, "float32")}


def _steps_per_second(run: Run, dtype: str) -> dict[str, Any]:
    data, train, _ = dataset(run, FRAMES)
    first = 2 if run.small else FIRST
    model = estimator(
        run, "behler_parrinello", data, {}, dtype=dtype, max_epochs=4 if run.small else EPOCHS, patience=None
    )
    model.fit([data.frames[i] for i in train], data.labels[train])
    ends = [row["seconds"] for row in model.history_]
    held = round(model.validation_fraction * len(train))
    batches = -(-(len(train) - held) // model.batch_size)
    rate = batches * (len(ends) - first) / (ends[-1] - ends[first - 1])
    return {"steps_per_second": rate, "epochs": len(ends), "captured_": getattr(model, "captured_", None)}


def claims(numbers: Mapping[str, Any]) -> list[Claim]:
    rows = []
    if molecule := numbers.get("one molecule, mace 256x2"):
        time = molecule["captured"]["evaluate"]["median_ms"]
        rows.append(at_most("one molecule, energy and forces, MACE 256x2", time, 3.0, "ms"))
    if network := numbers.get("behler_parrinello"):
        ratio = network["captured"]["steps_per_second"] / network["plain"]["steps_per_second"]
        rows.append(at_least("Behler–Parrinello, steps a second, captured over plain", ratio, 20.0))
    return rows
