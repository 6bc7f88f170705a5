"""Deep potential: our fit against ``dp --pt train``, and our numbers against deepmd-kit's calculator.

    MLFFBENCH_DATA=../shared/data python benchmarks/peers/against_deepmd.py [--quick]

Both sides run in one environment, that of the method with the torch that deepmd-kit's wheel was compiled for,
one after the other on one thread. Data are the 100 training structures of silicon with energies and forces.
Descriptor, networks, precision (float64), batches, number of steps and the split into training and validation
frames are the same; loss, learning rate, first weights and the choice of the weights (ours: the best epoch of
the moving average, theirs: the last step) are each side's own. Then the weights of our fit are put into the
authors' checkpoint, frozen by ``dp --pt freeze`` and evaluated by their ASE calculator. Times are CPU seconds
of the training alone, without imports.
"""

from __future__ import annotations

import json
import math
import os
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from _peer import Claim, at_least, at_most, errors, publish, run, save

from mlffbench.datasets.silicon import silicon
from mlffbench.estimators import DeePMD
from mlffbench.potentials.validation_split import holdout, seed_of
from mlffbench.system.own_package import package_alone
from mlffbench.system.python_environment import PythonEnvironment, environments_folder

REQUIREMENTS = DeePMD.environment["requirements"] if DeePMD.environment else ()
BUILT_FOR = "torch==2.11.*"  # the command line loads operators that were compiled for it
CUTOFF, SMOOTHING, VALIDATION, SEED = 5.0, 0.1, 0.1, 0
TRAINING = {"batch_size": 5, "learning_rate": 0.002, "energy_weight": 1.0, "forces_weight": 1.0,
            "stress_weight": 0.0}  # fmt: skip
SIZE = {"embedding": [25, 50, 100], "axis_neurons": 16, "hidden": [120, 120, 120]}
QUICK = {"embedding": [4, 8], "axis_neurons": 2, "hidden": [8, 8]}
EPOCHS = 60


def main(quick: bool) -> None:
    python = Path(PythonEnvironment("deepmd-peer", (*REQUIREMENTS, BUILT_FOR)).ready())
    os.environ["PYTHONPATH"] = str(package_alone(environments_folder()))
    data = silicon()
    train, test = (np.flatnonzero(data.columns["group"] == name) for name in ("train", "test"))
    labels, frames = replace(data.labels[train], stress=None), [data.frames[i] for i in train]
    epochs, size = (2, QUICK) if quick else (EPOCHS, SIZE)
    fitted, held_out = holdout(len(frames), VALIDATION, seed_of(SEED))
    with TemporaryDirectory() as folder:
        file = lambda word, part, values: str(save(Path(folder) / f"{word}.xyz", part, values))
        order: dict[str, Any] = {
            "folder": folder, "seed": SEED, "epochs": epochs, "elements": ["Si"], "cutoff": CUTOFF,
            "smoothing": SMOOTHING, "validation": VALIDATION, "size": size, "training": TRAINING,
            "steps": epochs * math.ceil(len(fitted) / TRAINING["batch_size"]),
            "all": file("all", frames, labels),
            "test": file("test", [data.frames[i] for i in test], data.labels[test]),
            "train": file("train", [frames[i] for i in fitted], labels[fitted]),
            "valid": file("valid", [frames[i] for i in held_out], labels[held_out]),
        }  # fmt: skip
        ours = run(python, "deepmd_ours", order, threads=1)
        theirs = run(python, "deepmd_theirs", {**order, "slots": ours["slots"]}, threads=1)
    n_atoms = [len(data.frames[i]) for i in test]
    differences = difference(ours, theirs["ours"], np.array(n_atoms))
    numbers = {
        side: {
            "fit_cpu_seconds": answer["fit_seconds"],
            "ms_per_step": 1e3 * answer["fit_seconds"] / order["steps"],
            "microseconds_per_atom": 1e6 * answer["seconds"] / sum(n_atoms),
            "peak_memory_mb": answer["peak_memory_mb"],
            **errors(data.labels[test], answer["energy"], answer["forces"]),
        }
        for side, answer in (("ours", ours), ("theirs", theirs))
    } | {"differences": differences}
    rows = claims(numbers)
    if quick:
        print(*(f"{claim.what}: {claim.measured:.4g} {claim.unit}" for claim in rows), sep="\n")
        print(json.dumps(numbers, indent=1))
    else:
        settings = {"size": size, "training": TRAINING, "cutoff": CUTOFF, "smoothing": SMOOTHING}
        more = {"steps": order["steps"], "n_parameters": ours["n_parameters"], "seed": SEED}
        publish("deepmd", rows, numbers, **more, **settings)


def difference(ours: dict[str, Any], theirs: dict[str, Any], n_atoms: np.ndarray) -> dict[str, float]:
    """Largest differences of the same network's values; theirs lack our shift (eV per atom) and scale."""
    energy = n_atoms * ours["shift"] + ours["scale"] * np.array(theirs["energy"])
    pairs = zip(ours["forces"], theirs["forces"], strict=True)
    forces = [np.abs(np.array(a) - ours["scale"] * np.array(b)).max() for a, b in pairs]
    return {"energy": float(np.abs(energy - ours["energy"]).max()), "forces": float(max(forces))}


def claims(numbers: dict[str, Any]) -> list[Claim]:
    ratio = lambda key: numbers["theirs"][key] / numbers["ours"][key]
    word, evaluation = "forces_rmse_mev_per_angstrom", "microseconds_per_atom"
    return [
        at_most("largest difference of energies", numbers["differences"]["energy"], 1e-8, "eV"),
        at_most("largest difference of forces", numbers["differences"]["forces"], 1e-8, "eV/Å"),
        at_least("forces RMSE after as many steps, dp train's over ours", ratio(word), 1.0),
        at_least("CPU seconds of a step, dp train's over ours", ratio("ms_per_step"), 1.0),
        at_least("CPU seconds of an evaluation, its calculator's over ours", ratio(evaluation), 1.0),
    ]


if __name__ == "__main__":
    main("--quick" in sys.argv)
