"""MACE by mlffbench: a fit with the seconds of its epochs, and predictions of a list of frames."""

from __future__ import annotations

import pickle
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from ase.io import read

from mlffbench.estimators.mace import MACE

WARM = 10  # molecules evaluated before the clock starts


def main(order: dict[str, Any]) -> dict[str, Any]:
    return fit(order) if order["task"] == "fit" else evaluate(order)


def fit(order: dict[str, Any]) -> dict[str, Any]:
    frames = read(order["all"], ":")
    model = MACE(
        "medium", **order["size"], **order["training"], max_epochs=order["epochs"], schedule="plateau",
        cooldown=0.0, validation_fraction=order["validation"], random_state=order["seed"],
        atomic_energies=order["atomic_energies"],
    )  # fmt: skip
    start = perf_counter()
    model.fit(frames)
    seconds = perf_counter() - start
    model.export(order["model"])
    Path(order["pickle"]).write_bytes(pickle.dumps(model))
    predicted = model.predict(read(order["valid"], ":"))
    return {
        "epoch_seconds": np.diff([0.0, *(h["seconds"] for h in model.history_)]).tolist(),
        "fit_seconds": seconds,
        "kernels": model.kernels_,
        "energy": predicted.energy.tolist(),
        "forces": [f.tolist() for f in predicted.forces or ()],
    }


def evaluate(order: dict[str, Any]) -> dict[str, Any]:
    model, frames = pickle.loads(Path(order["pickle"]).read_bytes()), read(order["test"], ":")
    model.predict(frames[:WARM])
    start = perf_counter()
    predicted = model.predict(frames)
    return {"seconds": perf_counter() - start, "energy": predicted.energy.tolist()}
