"""Predictions of a saved model by whichever Python runs this: the least seconds of each batch."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from ase.io import read

import mlffbench


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Predict every file of ``order["tests"]``, `repeats` times after the first."""
    model = mlffbench.load(order["model"])
    answers: dict[str, Any] = {}
    for name, file in order["tests"].items():
        frames = read(file, ":")
        labels, seconds = model.predict(frames), []
        for _ in range(order["repeats"]):
            begun = perf_counter()
            model.predict(frames)
            seconds.append(perf_counter() - begun)
        forces = np.concatenate(labels.forces).ravel().tolist()
        answers[name] = {"seconds": min(seconds), "energy": labels.energy.tolist(), "forces": forces}
    return {"computed_here": "model_file_" not in vars(model), "tests": answers}
