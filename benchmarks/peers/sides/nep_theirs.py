"""Their side of nep.py: torchnep's train_nep on the files that ours left, and its ASE calculator."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import torch._dynamo  # imported by the first optimiser; not part of a fit
from ase.io import read
from torchnep import train_nep
from torchnep.ase_calculator import NEP


def main(order: dict[str, Any]) -> dict[str, Any]:
    assert torch._dynamo
    folder = Path(order["folder"]) / "files"
    arguments = {"device": "cpu", "run_seed": int((folder / "seed").read_text()), "prediction_interval": 0}
    begun = time.process_time()
    with contextlib.redirect_stdout(None):
        train_nep(
            str(folder / "nep.in"), str(folder / "train.xyz"), output_dir=str(folder / "theirs"),
            valid_file=str(folder / "valid.xyz"), **arguments,
        )  # fmt: skip
    fit_seconds = time.process_time() - begun
    network = folder / "theirs" / "nep_best.txt"
    calculator, test = NEP(str(network)), read(order["test"], ":")
    begun = time.process_time()
    results = []
    for atoms in test:
        calculator.calculate(atoms)
        results.append(dict(calculator.results))
    return {
        "fit_seconds": fit_seconds,
        "seconds": time.process_time() - begun,
        "network": network.read_text(),
        "energy": [r["energy"] for r in results],
        "forces": [r["forces"].tolist() for r in results],
        "stress": [r["stress"].tolist() for r in results],
    }
