"""MACE with the settings of its paper on AcAc, for all the time that is left, and the errors on the way.

The published errors, after 2000 epochs or more, are 5.1 meV/Å at 300 K and 22.4 at 600 K.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from _curve import recorded
from _gpu import Claim, Fact, Parts, Run, capturing, dataset, estimator, rmse
from _peer import at_most

NAME = "AcAc, 500 frames, preset paper"
BOUNDS = {"300K": 5.5, "600K": 24.0}
EVERY, TESTS = 10.0, 130  # seconds between points; frames of each test group in them
RESERVE = 25.0  # seconds for building the model and for the last evaluation


def parts(run: Run) -> Parts:
    return {NAME: trained}


def trained(run: Run) -> dict[str, Any]:
    data, train, tests = dataset(run, 500)
    some = dataset(run, 500, TESTS)[2]
    longest = {"max_epochs": 3} if run.small else {"max_seconds": max(10.0, run.left() - RESERVE)}
    model = estimator(run, "mace", data, {}, preset="paper", **longest)
    keep = lambda points: run.note({"points": points})
    with capturing(run), recorded(model, data, some, 0.0 if run.small else EVERY, keep) as points:
        model.fit([data.frames[i] for i in train], data.labels[train])
    history = [[row[k] for k in ("epoch", "seconds", "loss", "validation")] for row in model.history_]
    last = {k: rmse(data, v, model.predict([data.frames[i] for i in v])) for k, v in tests.items()}
    told = {k: getattr(model, k, None) for k in ("kernels_", "captured_", "dtype_", "stopped_by_")}
    return {"errors": last, "points": points, "history": history, **told}


def claims(numbers: Mapping[str, Any]) -> list[Claim]:
    """Bounds of the last errors; of a training that was cut off those of the last point."""
    if NAME not in numbers:
        return []
    errors = numbers[NAME].get("errors") or numbers[NAME]["points"][-1]
    return [
        at_most(
            f"MACE, paper's settings, forces at {k}", errors[k]["forces_rmse_mev_per_angstrom"], v, "meV/Å"
        )
        for k, v in BOUNDS.items()
    ]


def facts(numbers: Mapping[str, Any]) -> list[Fact]:
    """Seconds of the training, by which its errors are to be judged."""
    if NAME not in numbers:
        return []
    return [
        Fact(
            "MACE, paper's settings, training ended by its time", numbers[NAME]["points"][-1]["seconds"], "s"
        )
    ]
