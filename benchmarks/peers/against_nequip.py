"""NequIP and Allegro: our fit against ``nequip-train``, and our forces against its authors' calculator.

    MLFFBENCH_DATA=../shared/data python benchmarks/peers/against_nequip.py [--quick] [--python=PATH]

Both sides run in the environment that suites fit these methods in, which is made if it is not there, or by
an interpreter that has the packages, each as a process of its own on one thread. Data are the 100 training
structures of silicon with energies and forces. Architecture, optimiser (AMSGrad), loss, batches, moving
average of the weights, learning rate and its cooldown, precision, epochs and the split into training and
validation frames are the same; the initial weights differ, and so does the choice of the best epoch: by our
loss, and by their forces. Seconds are CPU seconds of an epoch: batches, validation, and on their side the
checkpoint; the least of all epochs counts, since other work on the machine only adds.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from _peer import Claim, at_least, at_most, errors, publish, run, save

from mlffbench.datasets.silicon import silicon
from mlffbench.estimators import NequIP
from mlffbench.potentials.validation_split import holdout, seed_of
from mlffbench.system.own_package import package_alone
from mlffbench.system.python_environment import PythonEnvironment, environments_folder

CUTOFF, VALIDATION = 4.5, 0.1
TRAINING = {"batch_size": 5, "learning_rate": 0.01, "energy_weight": 1.0, "forces_weight": 1.0,
            "stress_weight": 0.0}  # fmt: skip
SIZES = {
    "nequip": {"num_channels": 16, "l_max": 1, "num_layers": 2, "num_radial_basis": 8, "radial_width": 32},
    "allegro": {"num_scalar_features": 32, "num_tensor_features": 8, "l_max": 1, "num_layers": 2,
                "num_radial_basis": 8, "mlp_width": 32, "parity": True},
}  # fmt: skip
NOISE = 1.25  # ratio of errors between seeds


def main(quick: bool, given: str | None) -> None:
    python = Path(PythonEnvironment.of({**(NequIP.environment or {}), "python": given}).ready())
    os.environ["PYTHONPATH"] = str(package_alone(environments_folder()))
    data = silicon()
    group = lambda name: np.flatnonzero(data.columns["group"] == name)
    train, test = group("train"), group("test")
    seeds, epochs = ([0], 2) if quick else ([0], 20)
    claims, numbers = [], {}
    for name, size in SIZES.items():
        fits = [_fits(name, data, train, test, seed, epochs, python) for seed in seeds]
        numbers[name] = {"fits": fits, "size": size}
        claims += _claims(name, fits)
    shared = {"seeds": seeds, "epochs": epochs, "training_frames": len(train), "cutoff": CUTOFF, **TRAINING}
    publish("nequip", claims, {**numbers, **shared}) if not quick else print(claims, numbers)


def _claims(name: str, fits: list[dict[str, Any]]) -> list[Claim]:
    least = lambda side: min(min(fit[side]["epoch_cpu_seconds"][1:]) for fit in fits)
    error = lambda side: mean(fit[side]["errors"]["forces_rmse_mev_per_angstrom"] for fit in fits)
    difference = 1e3 * max(fit["ours"]["largest_difference_of_forces"] for fit in fits)
    ratio, speed = error("ours") / error("theirs"), least("theirs") / least("ours")
    return [
        at_most(f"{name}: forces RMSE, ours over nequip-train's", ratio, NOISE, "x"),
        at_least(f"{name}: CPU seconds of an epoch, nequip-train's over ours", speed, 1.0),
        at_most(f"{name}: largest difference of forces from its calculator", difference, 0.1, "meV/Å"),
    ]


def _fits(
    name: str, data: Any, train: np.ndarray, test: np.ndarray, seed: int, epochs: int, python: Path
) -> dict[str, Any]:
    """Fit both sides with one seed, on the same frames with the same validation frames."""
    labels = replace(data.labels[train], stress=None)
    frames = [data.frames[i] for i in train]
    fitted, held_out = holdout(len(frames), VALIDATION, seed_of(seed))
    with tempfile.TemporaryDirectory() as folder:
        file = lambda word, part, values: str(save(Path(folder) / f"{word}.xyz", part, values))
        order: dict[str, Any] = {
            "architecture": name, "seed": seed, "epochs": epochs, "elements": ["Si"], "cutoff": CUTOFF,
            "validation": VALIDATION, "size": SIZES[name], "model": _model(name), "training": TRAINING,
            "stress": False, "all": file("all", frames, labels),
            "test": file("test", [data.frames[i] for i in test], data.labels[test]),
            "train": file("train", [frames[i] for i in fitted], labels[fitted]),
            "valid": file("valid", [frames[i] for i in held_out], labels[held_out]),
        }  # fmt: skip
        answers = {side: run(python, f"nequip_{side}", order, threads=1) for side in ("theirs", "ours")}
    for answer in answers.values():
        answer["errors"] = errors(data.labels[test], answer.pop("energy"), answer.pop("forces"))
    return answers


def _model(name: str) -> dict[str, Any]:
    """Architecture in the words of the package's configuration."""
    size = SIZES[name]
    if name == "nequip":
        return {
            "_target_": "nequip.model.NequIPGNNModel", "num_features": size["num_channels"],
            "l_max": size["l_max"], "num_layers": size["num_layers"], "parity": False,
            "num_bessels": size["num_radial_basis"], "radial_mlp_width": size["radial_width"],
        }  # fmt: skip
    width = dict.fromkeys(
        (f"{part}_hidden_layers_width" for part in ("scalar_embed_mlp", "allegro_mlp", "readout_mlp")),
        size["mlp_width"],
    )
    radial = {"_target_": "allegro.nn.TwoBodyBesselScalarEmbed", "num_bessels": size["num_radial_basis"]}
    same = ("num_scalar_features", "num_tensor_features", "l_max", "num_layers", "parity")
    return {
        "_target_": "allegro.model.AllegroModel", "radial_chemical_embed": radial, **width,
        **{word: size[word] for word in same},
    }  # fmt: skip


if __name__ == "__main__":
    given = [word.partition("=")[2] for word in sys.argv if word.startswith("--python=")]
    main("--quick" in sys.argv, given[0] if given else None)
