"""Kernel methods on AcAc: seconds of a fit, milliseconds of a molecule's energy, forces and deviation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from statistics import median
from typing import Any

from _gpu import Claim, Parts, Run, dataset, estimator, rmse
from _peer import at_most

from mlffbench.system.timing import measure

TRAINING = {"soap_gpr": 500, "soap_kernel_ridge": 200, "sgdml": 200}
REPEATS = 3


def parts(run: Run) -> Parts:
    return {name: partial(fit_and_evaluation, name) for name in TRAINING}


def fit_and_evaluation(name: str, run: Run) -> dict[str, Any]:
    """All samples; the medians count. A small fit before them loads the libraries' kernels."""
    data, train, tests = dataset(run, TRAINING[name])
    frames, labels = [data.frames[i] for i in train], data.labels[train]
    new = lambda: estimator(run, name, data, {})
    new().fit(frames[:20], labels[:20])
    fits, evaluations = [], []
    for _ in range(1 if run.small else REPEATS):
        model = new()
        with measure(run.device) as fit:
            model.fit(frames, labels)
        fits.append(fit.seconds)
    picks = tests["300K"]
    molecules = [data.frames[i] for i in picks]
    for _ in range(1 + (1 if run.small else REPEATS)):
        with measure(run.device) as preparation:
            prepared = model.prepare(molecules)
        with measure(run.device) as evaluation:
            predicted = model.evaluate(prepared)
        evaluations.append([1e3 * m.seconds / len(picks) for m in (preparation, evaluation)])
    return {
        "training_frames": len(train), "molecules": len(picks), "fit_seconds": fits,
        "prepare_evaluate_ms_per_molecule": evaluations, "with_deviation": predicted.energy_std is not None,
        "errors_300K": rmse(data, picks, predicted), "peak_gpu_memory_mb": evaluation.peak_gpu_memory_mb,
    }  # fmt: skip


def claims(numbers: Mapping[str, Any]) -> list[Claim]:
    if (gpr := numbers.get("soap_gpr")) is None:
        return []
    times = [sum(pair) for pair in gpr["prepare_evaluate_ms_per_molecule"][1:]]
    what = "SOAP-GPR, energy, forces and deviation, prepare and evaluate"
    return [
        at_most(f"SOAP-GPR, fit of {gpr['training_frames']} molecules", median(gpr["fit_seconds"]), 1.0, "s"),
        at_most(f"{what}, {gpr['molecules']} molecules", median(times), 0.06, "ms a molecule"),
    ]
