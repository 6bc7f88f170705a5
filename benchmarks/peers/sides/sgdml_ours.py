"""Our side: SGDML with the parameters of the order."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.estimators.sgdml import SGDML


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Fit to the file ``train``; predict energies and forces of every other file."""
    torch.set_num_threads(order["threads"])
    read = {name: np.load(path) for name, path in order["files"].items()}
    frames = {name: [Atoms(file["z"], r) for r in file["R"]] for name, file in read.items()}
    train = frames.pop("train")
    labels = Labels(read["train"]["E"], tuple(read["train"]["F"]))
    model = SGDML(**order["settings"])
    start = perf_counter()
    model.fit(train, labels)
    answer: dict[str, Any] = {"fit_seconds": perf_counter() - start, "tests": {}}
    answer["learned"] = {
        "permutations": len(model.permutations_),
        "sigma": model.sigma_,
        "lam": model.lam_,
        "iterations": model.iterations_,
        "trials": [vars(t) for t in model.trials_],
    }
    model.predict(train[:3])  # warm-up: no side's first call is timed
    for name, molecules in frames.items():
        start = perf_counter()
        predicted = model.predict(molecules)
        seconds = perf_counter() - start
        forces = [f.tolist() for f in predicted.forces or ()]
        answer["tests"][name] = {"seconds": seconds, "energy": predicted.energy.tolist(), "forces": forces}
    return answer
