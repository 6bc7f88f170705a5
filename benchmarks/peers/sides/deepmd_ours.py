"""Our side of against_deepmd.py: the estimator; it leaves its weights for the authors' model."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from ase.io import read

from mlffbench.data import labels_of
from mlffbench.estimators import DeePMD


def main(order: dict[str, Any]) -> dict[str, Any]:
    train, test = (read(order[part], ":") for part in ("all", "test"))
    labels, bare = labels_of(train), [atoms.copy() for atoms in test]
    model = DeePMD(
        **order["size"], **order["training"], cutoff=order["cutoff"], smoothing=order["smoothing"],
        max_epochs=order["epochs"], validation_fraction=order["validation"], random_state=order["seed"],
        dtype="float64", atomic_energies=dict.fromkeys(order["elements"], 0.0),
    )  # fmt: skip
    model.import_libraries()
    begun = time.process_time()
    model.fit(train, labels)
    fitted = time.process_time()
    predicted = model.predict(bare)
    seconds = time.process_time() - fitted
    network = model.module_
    assert sum(network.slots) == network.divisor  # no test frame is denser than its slots
    parts = {"descriptor": network.descriptor, "fitting_net": network.fitting}
    torch.save({name: part.state_dict() for name, part in parts.items()}, Path(order["folder"]) / "ours.pt")
    return {
        "fit_seconds": fitted - begun,
        "seconds": seconds,
        "slots": network.slots,
        "scale": float(model.scale_),
        "shift": float(model.shift_),
        "energy": predicted.energy.tolist(),
        "forces": [f.tolist() for f in predicted.forces],
        "n_parameters": model.n_parameters_,
    }
