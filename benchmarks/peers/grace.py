"""mlearn's silicon: GRACE/FS through this package against tensorpotential's own training and calculator.

    MLFFBENCH_DATA=../shared/data python benchmarks/peers/grace.py

Both sides run in the environment of the method, one after the other on one thread. Ours fits the estimator;
theirs runs ``gracemaker`` on the same frames with the same architecture, loss, optimiser, batch size and
number of epochs, as its manual says, and evaluates the test frames with its ASE calculator on our network.
Energies, forces and stresses must agree to rounding. The trainings draw other batches and first weights:
their errors are shown, their CPU seconds compared.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from _peer import Claim, at_most, largest_difference, publish, run, save

from mlffbench import registry
from mlffbench.datasets.mlearn import mlearn
from mlffbench.estimators import GRACE
from mlffbench.system.own_package import package_alone
from mlffbench.system.python_environment import PythonEnvironment, environments_folder

EPOCHS, QUICK = 10, {"max_epochs": 2, "n_radial": [4, 3], "l_max": [2, 2], "n_basis": 6}


def main(quick: bool) -> None:
    data = mlearn(element="Si")
    split = registry.load("splits", "official")(data, seed=0)
    picks = {"train": split.train, "test": split.tests["test"]}
    picks = {name: np.asarray(rows)[: 12 if quick else None] for name, rows in picks.items()}
    python = Path(PythonEnvironment.of(GRACE.environment or {}).ready())
    os.environ["PYTHONPATH"] = str(package_alone(environments_folder()))
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = {
            part: str(save(folder / f"{part}.xyz", [data.frames[i] for i in rows], data.labels[rows]))
            for part, rows in picks.items()
        }
        order = {"folder": name, **files, "settings": QUICK if quick else {"max_epochs": EPOCHS}}
        sides = {side: run(python, f"grace_{side}", order, threads=1) for side in ("ours", "theirs")}
    ours, theirs = sides["ours"], sides["theirs"]
    n_atoms = sum(len(data.frames[i]) for i in picks["test"])
    truth = data.labels[picks["test"]].forces or ()
    numbers: dict[str, Any] = {
        side: {
            "fit_cpu_seconds": answer["fit_seconds"],
            "microseconds_per_atom": 1e6 * answer["seconds"] / n_atoms,
            "peak_memory_mb": answer["peak_memory_mb"],
            "forces_rmse_mev_per_angstrom": 1e3 * rmse(answer["own_forces"], truth),
        }
        for side, answer in sides.items()
    }
    numbers |= {
        "differences": {q: largest_difference(ours[q], theirs[q]) for q in ("energy", "forces", "stress")}
    }
    if quick:
        print(json.dumps(numbers, indent=1))
    else:
        publish("grace", claims(ours, theirs, numbers["differences"]), numbers, epochs=EPOCHS)


def rmse(predicted: Any, truth: Any) -> float:
    """Root mean square error of all force components."""
    parts = [np.asarray(a) - np.asarray(b) for a, b in zip(predicted, truth, strict=True)]
    return float(np.sqrt(np.mean(np.square(np.concatenate(parts)))))


def claims(ours: dict[str, Any], theirs: dict[str, Any], differences: dict[str, float]) -> list[Claim]:
    return [
        at_most("largest difference of energies", differences["energy"], 1e-3, "eV"),  # float32 weights
        at_most("largest difference of forces", differences["forces"], 1e-4, "eV/Å"),
        at_most("largest difference of stresses", differences["stress"], 1e-6, "eV/Å³"),
        at_most("CPU seconds of the fit", ours["fit_seconds"] / theirs["fit_seconds"], 1.1, "x"),
        at_most("evaluation", ours["seconds"] / theirs["seconds"], 1.0, "x"),
    ]


if __name__ == "__main__":
    main("--quick" in sys.argv)
