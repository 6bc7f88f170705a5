"""Our side: SOAPGPR with the parameters of the order."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import torch
from ase.io import read

from mlffbench.data import labels_of
from mlffbench.estimators.soap_gpr import SOAPGPR


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Fit to ``order["train"]``; predict energies and forces of every file of ``order["tests"]``."""
    torch.set_num_threads(order["threads"])
    train = read(order["train"], ":")
    tests = {name: read(path, ":") for name, path in order["tests"].items()}
    labels = labels_of(train)
    model = SOAPGPR(**order["settings"])
    start = perf_counter()
    model.fit(train, labels)
    answer: dict[str, Any] = {"fit_seconds": perf_counter() - start, "tests": {}}
    answer["parameters"] = model.get_params()
    model.predict(train[:3])  # warm-up: no side's first call is timed
    for name, frames in tests.items():
        start = perf_counter()
        predicted = model.predict(frames)
        seconds = perf_counter() - start
        forces = [f.tolist() for f in predicted.forces or ()]
        answer["tests"][name] = {"seconds": seconds, "energy": predicted.energy.tolist(), "forces": forces}
    return answer
