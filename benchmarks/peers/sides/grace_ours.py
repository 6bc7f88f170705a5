"""Our side of grace.py: the estimator; it leaves its network and settings for the other side."""

from __future__ import annotations

import pickle
import time
from pathlib import Path
from typing import Any

from ase.io import read

from mlffbench.data import labels_of
from mlffbench.estimators import GRACE


def main(order: dict[str, Any]) -> dict[str, Any]:
    train, test = (read(order[part], ":") for part in ("train", "test"))
    labels = labels_of(train)
    model = GRACE(**order["settings"])
    model.import_libraries()
    begun = time.process_time()
    model.fit(train, labels)
    fit_seconds = time.process_time() - begun
    model.prepare(test)  # compiles
    begun = time.process_time()
    predicted = model.evaluate(model.prepare(test))
    seconds = time.process_time() - begun
    baseline = [sum(model.atomic_energies_[s] + model.shift_ for s in atoms.symbols) for atoms in test]
    left = {
        "config": model.config_, "weights": model.weights_, "params": model.get_params(),
        "atomic": {s: e + model.shift_ for s, e in model.atomic_energies_.items()},
    }  # fmt: skip
    (Path(order["folder"]) / "model.pkl").write_bytes(pickle.dumps(left))
    forces = [f.tolist() for f in predicted.forces]
    return {
        "fit_seconds": fit_seconds,
        "seconds": seconds,
        "energy": (predicted.energy - baseline).tolist(),
        "forces": forces,
        "own_forces": forces,
        "stress": [s.tolist() for s in predicted.stress],
    }
