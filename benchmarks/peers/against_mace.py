"""MACE: our fit against mace-torch's command line, and our predictions against a loop over its calculator.

    MLFFBENCH_DATA=../shared/data python benchmarks/peers/against_mace.py [--quick]

mace-torch is a dependency of mlffbench, which fits its model: both sides run in this interpreter, each as a
process of its own, with the same torch, e3nn and number of threads. Architecture, optimiser, loss, batch,
precision, isolated-atom energies and the split into training and validation frames are the same; the initial
weights differ. The time of an epoch is that between two epochs in each side's own record: batches,
validation, and on their side the checkpoint. The first epoch, in which TorchScript compiles, is left out of
the mean. Both evaluate the weights that ours learned.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from _peer import OURS, acac, at_least, at_most, errors, publish, run, save

from mlffbench.data import Dataset
from mlffbench.potentials.validation_split import holdout, seed_of

SIZE = {"num_channels": 32, "max_L": 1, "max_ell": 3, "correlation": 3, "num_interactions": 2,
        "num_radial_basis": 8, "cutoff": 5.0}  # fmt: skip
TRAINING = {"batch_size": 10, "learning_rate": 0.01, "weight_decay": 5e-7, "ema_decay": 0.99,
            "energy_weight": 1.0, "forces_weight": 100.0, "dtype": "float32"}  # fmt: skip
VALIDATION = 0.1
NOISE = 1.15  # ratio of validation errors between seeds


def main(quick: bool) -> None:
    data, train, tests = acac(60 if quick else None)
    seeds, epochs = ([0], 2) if quick else ([0, 1], 4)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fits = [_fits(data, train, seed, epochs, folder) for seed in seeds]
        frames = np.concatenate([t[:20] for t in tests.values()]) if quick else tests["300K"]
        evaluated = _evaluations(data, frames, folder)
    rate = lambda side: mean(60 / s for f in fits for s in f[side]["epoch_seconds"][1:])
    error = lambda side: mean(f[side]["validation_forces_rmse_mev_per_angstrom"] for f in fits)
    ours, theirs = evaluated["ours"], evaluated["theirs"]
    difference = np.abs(np.array(ours.pop("energy")) - theirs.pop("energy")).max()
    claims = [
        at_least("epochs a minute, ours over mace_run_train's", rate("ours") / rate("theirs"), 2.0),
        at_most("validation forces RMSE, ours over theirs", error("ours") / error("theirs"), NOISE, "x"),
        at_least(f"evaluation of {len(frames)} molecules", theirs["seconds"] / ours["seconds"], 3.0),
        at_most("largest difference of the energies", 1e3 * difference, 5.0, "meV"),
    ]
    numbers = {
        "fits": fits, "evaluation": evaluated, "epochs_per_minute": {s: rate(s) for s in ("ours", "theirs")},
        "seeds": seeds, "epochs": epochs, "training_frames": len(train), **SIZE, **TRAINING,
    }  # fmt: skip
    publish("mace", claims, numbers) if not quick else print(claims, numbers)


def _fits(data: Dataset, train: np.ndarray, seed: int, epochs: int, folder: Path) -> dict[str, Any]:
    """Fit both sides with one seed, on the same frames with the same validation frames."""
    frames, labels = [data.frames[i] for i in train], data.labels[train]
    fitted, held_out = holdout(len(frames), VALIDATION, seed_of(seed))
    order: dict[str, Any] = {
        "task": "fit", "seed": seed, "epochs": epochs, "atomic_energies": dict(data.atomic_energies or {}),
        "validation": VALIDATION, "size": SIZE, "training": TRAINING, "model": str(folder / "ours.model"),
        "pickle": str(folder / "ours.pickle"),
        "all": str(save(folder / "all.xyz", frames, labels)),
    }  # fmt: skip
    for name, part in {"train": fitted, "valid": held_out}.items():
        order[name] = str(save(folder / f"{name}.xyz", [frames[i] for i in part], labels[part]))
    answers = {side: run(OURS, f"mace_{side}", order) for side in ("theirs", "ours")}
    predicted = (answers["ours"].pop("energy"), answers["ours"].pop("forces"))
    rmse = errors(labels[held_out], *predicted)["forces_rmse_mev_per_angstrom"]
    answers["ours"]["validation_forces_rmse_mev_per_angstrom"] = rmse
    return answers


def _evaluations(data: Dataset, picks: np.ndarray, folder: Path) -> dict[str, Any]:
    """Evaluate our last fit by our `predict` and by their calculator."""
    path = save(folder / "test.xyz", [data.frames[i] for i in picks], data.labels[picks])
    order = {"task": "evaluate", "test": str(path), "model": str(folder / "ours.model")}
    order["pickle"] = str(folder / "ours.pickle")
    return {side: run(OURS, f"mace_{side}", order) for side in ("theirs", "ours")}


if __name__ == "__main__":
    main("--quick" in sys.argv)
