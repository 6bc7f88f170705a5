"""Our side of ace.py: the estimator."""

from __future__ import annotations

import time
from typing import Any

from ase.io import read

from mlffbench.data import labels_of
from mlffbench.estimators import ACE


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Fit to ``order["train"]`` and predict ``order["test"]``."""
    train, test = (read(order[part], ":") for part in ("train", "test"))
    labels = labels_of(train)
    model = ACE(**order["settings"])
    model.import_libraries()
    begun = time.process_time()
    model.fit(train, labels)
    fitted = time.process_time()
    model.predict(test)
    start = time.process_time()
    predicted = model.predict(test)
    return {
        "fit_seconds": fitted - begun,
        "seconds": time.process_time() - start,
        "energy": predicted.energy[:, None].tolist(),
        "forces": [f.tolist() for f in predicted.forces],
        "stress": [s.tolist() for s in predicted.stress],
    }
