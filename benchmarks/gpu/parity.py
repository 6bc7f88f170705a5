"""Captured against plain: losses of the first 50 steps of a fit, and predictions one by one against a batch.

An epoch is one batch, so that the history holds the loss of every step. The plain fit neither captures nor
pads. Energies and forces of single frames come from replayed graphs, those of the batch from one evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from _gpu import Claim, Parts, Run, capturing, dataset, estimator, uncaptured
from _peer import at_least, at_most

NETWORKS: dict[str, dict[str, Any]] = {
    "mace": {"preset": "medium", "kernels": "fused"},  # auto takes the faster, which may differ
    "equivariant_network": {},
    "behler_parrinello": {},
}
BOUNDS = {"float64": 1e-10, "float32": 1e-4}
STEPS, BATCH = 50, 10


def parts(run: Run) -> Parts:
    return {f"{name}, {dtype}": partial(compared, name, dtype) for name in NETWORKS for dtype in BOUNDS}


def compared(name: str, dtype: str, run: Run) -> dict[str, Any]:
    """Losses of the captured and of the plain fit, and differences of predictions."""
    data, train, tests = dataset(run, BATCH + 1)
    steps = 8 if run.small else STEPS
    frames, labels = [data.frames[i] for i in train[: BATCH + 1]], data.labels[train[: BATCH + 1]]
    new = lambda: estimator(
        run,
        name,
        data,
        NETWORKS[name],
        dtype=dtype,
        max_epochs=steps,
        batch_size=BATCH,
        validation_fraction=0.1,
    )
    with capturing(run):
        captured = new().fit(frames, labels)
        predictions = _singles_against_batch(captured, [data.frames[i] for i in tests["300K"][:12]])
    with uncaptured():
        plain = new().fit(frames, labels)
    losses = [[row["loss"] for row in model.history_] for model in (captured, plain)]
    return {
        "captured": getattr(captured, "captured_", None),
        "losses": losses,
        "losses_apart": float(np.max(np.abs(np.subtract(*losses)) / np.abs(losses[1]))),
        **predictions,
    }


def _singles_against_batch(model: Any, frames: list[Any]) -> dict[str, float]:
    """Largest differences of predictions one by one and in one batch, over the largest force or spread."""
    batch, singles = model.predict(frames), [model.predict([atoms]) for atoms in frames]
    forces = max(np.abs(f - s.forces[0]).max() for f, s in zip(batch.forces, singles, strict=True))
    energy = np.abs(batch.energy - [s.energy[0] for s in singles]).max()
    return {
        "forces_apart": float(forces / max(np.abs(f).max() for f in batch.forces)),
        "energies_apart": float(energy / np.abs(batch.energy).max()),
    }


def claims(numbers: Mapping[str, Any]) -> list[Claim]:
    rows = []
    for name, values in numbers.items():
        dtype = name.split()[-1]
        rows.append(at_least(f"{name}: captured", values["captured"] == "yes", 1, ""))
        rows.append(
            at_most(f"{name}: losses, captured against plain", values["losses_apart"], BOUNDS[dtype], "")
        )
        if dtype == "float64":
            rows.append(at_most(f"{name}: forces, single against batch", values["forces_apart"], 1e-9, ""))
    return rows
