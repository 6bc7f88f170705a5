"""Trajectories one after the other by an earlier revision of the package: seconds of a step of one."""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Fit the model and time the trajectories with the package in ``order["package"]``."""
    sys.path.insert(0, order["package"])  # before the first import of the package
    import mlffbench
    from mlffbench.datasets.malonaldehyde import malonaldehyde
    from mlffbench.properties.dynamics import dynamics
    from mlffbench.properties.limits import Limits
    from mlffbench.registry import make

    if not Path(mlffbench.__file__).is_relative_to(order["package"]):
        raise SystemExit(f"{mlffbench.__file__} is not the earlier revision")
    data = malonaldehyde()
    train, limits = np.array(order["train"]), Limits.observed(data.frames)
    model = make({order["name"]: order["params"]}, ("estimators",))
    calculator = model.fit([data.frames[i] for i in train], data.labels[train]).calculator()
    best = np.inf
    for _ in range(order["rounds"]):
        start = perf_counter()
        runs = [
            dynamics(calculator, data.frames[i], *order["given"], limits, seed=k)
            for k, i in enumerate(train[: order["timed"]])
        ]
        best = min(best, (perf_counter() - start) / sum(run.lifetime / order["given"][2] for run in runs))
    return {"seconds_per_step": best}
