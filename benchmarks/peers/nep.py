"""mlearn's silicon: NEP through this package against torchnep's own training and calculator.

    MLFFBENCH_DATA=../shared/data python benchmarks/peers/nep.py

Both sides run in the environment of the method, one after the other on one thread. Ours fits the estimator
and leaves torchnep's input files in a folder; theirs calls ``train_nep`` on these files, as its manual says,
and evaluates the test frames with its ASE calculator. The same seed must give the same network, byte for
byte; both evaluate that network, so energies, forces and stresses must agree to rounding. Times are CPU
seconds.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from _peer import Claim, at_least, at_most, largest_difference, publish, run, save

from mlffbench import registry
from mlffbench.datasets.mlearn import mlearn
from mlffbench.estimators import NEP
from mlffbench.system.own_package import package_alone
from mlffbench.system.python_environment import PythonEnvironment, environments_folder

EPOCHS, QUICK = 4, {"max_epochs": 2, "n_max": 2, "angular_n_max": 2, "num_neurons": 5}


def main(quick: bool) -> None:
    data = mlearn(element="Si")
    split = registry.load("splits", "official")(data, seed=0)
    picks = {"train": split.train, "test": split.tests["test"]}
    picks = {name: np.asarray(rows)[: 8 if quick else None] for name, rows in picks.items()}
    python = Path(PythonEnvironment.of(NEP.environment or {}).ready())
    os.environ["PYTHONPATH"] = str(package_alone(environments_folder()))
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = {
            part: str(save(folder / f"{part}.xyz", [data.frames[i] for i in rows], data.labels[rows]))
            for part, rows in picks.items()
        }
        order = {"folder": name, **files, "settings": QUICK if quick else {"max_epochs": EPOCHS}}
        sides = {side: run(python, f"nep_{side}", order, threads=1) for side in ("ours", "theirs")}
    ours, theirs = sides["ours"], sides["theirs"]
    n_atoms = sum(len(data.frames[i]) for i in picks["test"])
    numbers: dict[str, Any] = {
        side: {
            "fit_cpu_seconds": answer["fit_seconds"],
            "microseconds_per_atom": 1e6 * answer["seconds"] / n_atoms,
            "peak_memory_mb": answer["peak_memory_mb"],
        }
        for side, answer in sides.items()
    }
    numbers |= {
        "differences": {q: largest_difference(ours[q], theirs[q]) for q in ("energy", "forces", "stress")}
    }
    if quick:
        print(json.dumps({**numbers, "same_network": ours["network"] == theirs["network"]}, indent=1))
    else:
        publish("nep", claims(ours, theirs, numbers["differences"]), numbers, epochs=EPOCHS)


def claims(ours: dict[str, Any], theirs: dict[str, Any], differences: dict[str, float]) -> list[Claim]:
    return [
        at_least("same network, byte for byte", float(ours["network"] == theirs["network"]), 1.0, ""),
        at_most("largest difference of energies", differences["energy"], 1e-6, "eV"),
        at_most("largest difference of forces", differences["forces"], 1e-8, "eV/Å"),
        at_most("largest difference of stresses", differences["stress"], 1e-8, "eV/Å³"),
        # ours writes the input files twice here
        at_most("CPU seconds of the fit", ours["fit_seconds"] / theirs["fit_seconds"], 1.2, "x"),
        at_least("evaluation in batches", theirs["seconds"] / ours["seconds"], 1.0),
    ]


if __name__ == "__main__":
    main("--quick" in sys.argv)
