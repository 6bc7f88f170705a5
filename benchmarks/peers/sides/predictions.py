"""Predictions of a saved model by whichever Python runs this: wall time and CPU time of each batch."""

from __future__ import annotations

from time import perf_counter, process_time
from typing import Any

import numpy as np
from ase.io import read

import mlffbench
from mlffbench.system.elsewhere import costs


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Predict every file of ``order["tests"]``: least wall and mean CPU time of `repeats` more."""
    model = mlffbench.load(order["model"])
    answers: dict[str, Any] = {}
    for name, file in order["tests"].items():
        frames = read(file, ":")
        labels, seconds = model.predict(frames), []
        with costs() as children:
            cpu = process_time()
            for _ in range(order["repeats"]):
                begun = perf_counter()
                model.predict(frames)
                seconds.append(perf_counter() - begun)
            cpu = process_time() - cpu
        cpu = (cpu + sum(child["cpu_seconds"] for child in children.values())) / order["repeats"]
        forces = np.concatenate(labels.forces).ravel().tolist()
        times = {"seconds": min(seconds), "cpu_seconds": cpu}
        answers[name] = {**times, "energy": labels.energy.tolist(), "forces": forces}
    return {"computed_here": "model_file_" not in vars(model), "tests": answers}
