"""Their side of grace.py: gracemaker with our settings, and its ASE calculator on both networks."""

from __future__ import annotations

import contextlib
import os
import pickle
import time
from pathlib import Path
from typing import Any

import yaml
from ase.io import read

from mlffbench.potentials.grace.library import SETTINGS, library
from mlffbench.potentials.grace.network import DENSITIES, model

os.environ.update(SETTINGS)


def main(order: dict[str, Any]) -> dict[str, Any]:
    folder = Path(order["folder"]) / "theirs"
    folder.mkdir()
    left = pickle.loads((folder.parent / "model.pkl").read_bytes())
    library()  # with one thread, before gracemaker starts more
    with contextlib.redirect_stdout(None), contextlib.chdir(folder):
        from tensorpotential.calculator import TPCalculator
        from tensorpotential.cli.gracemaker import main as gracemaker

        (folder / "input.yaml").write_text(yaml.safe_dump(settings(order["train"], left)))
        begun = time.process_time()
        gracemaker(["input.yaml"])
        fit_seconds = time.process_time() - begun
        own = TPCalculator(str(folder / "seed" / "1" / "final_model"))
        ours = model(left["config"], left["weights"])
        ours.decorate_compute_function()
        calculator = TPCalculator(ours)
        test = read(order["test"], ":")
        own_forces = [evaluated(own, atoms)["forces"].tolist() for atoms in test]
        for atoms in test:  # compiled
            evaluated(calculator, atoms)
        begun = time.process_time()
        results = [evaluated(calculator, atoms) for atoms in test]
        seconds = time.process_time() - begun
    return {
        "fit_seconds": fit_seconds,
        "seconds": seconds,
        "energy": [float(r["energy"]) for r in results],
        "forces": [r["forces"].tolist() for r in results],
        "own_forces": own_forces,
        "stress": [r["stress"].tolist() for r in results],
    }


def evaluated(calculator: Any, atoms: Any) -> dict[str, Any]:
    calculator.calculate(atoms.copy(), ["energy", "forces", "stress"])
    return dict(calculator.results)


def settings(train: str, left: dict[str, Any]) -> dict[str, Any]:
    """Our settings in the words of gracemaker's input."""
    p, config = left["params"], left["config"]
    huber = {"type": "huber", "delta": p["huber_delta"]}
    return {
        "seed": 1,
        "cutoff": p["cutoff"],
        "data": {
            "filename": train, "test_size": p["validation_fraction"],
            "reference_energy": {s: float(e) for s, e in left["atomic"].items()},
        },
        "potential": {
            "preset": "FS", "param_dtype": p["dtype"], "scale": float(config["scale"]),
            "kwargs": {
                "lmax": list(config["l_max"]), "n_rad_base": config["radial"],
                "n_rad_max": list(config["n_radial"]), "embedding_size": config["embedding"],
                "max_order": len(config["n_radial"]),
                "fs_parameters": [list(pair) for pair in DENSITIES[: config["densities"]]],
            },
        },
        "fit": {
            "loss": {
                name: {"weight": p[f"{name}_weight"], **huber} for name in ("energy", "forces", "stress")
            },
            "maxiter": p["max_epochs"], "optimizer": "Adam",
            "opt_params": {
                "learning_rate": p["learning_rate"], "amsgrad": True, "clipnorm": 1.0, "use_ema": True,
                "ema_momentum": p["ema_decay"],
            },
            "scheduler": "cosine_decay",
            "scheduler_params": {"minimum_learning_rate": 0.01 * p["learning_rate"]},
            "batch_size": p["batch_size"], "test_batch_size": p["batch_size"], "train_shuffle": True,
            "train_max_n_buckets": "auto", "test_max_n_buckets": "auto", "progressbar": False,
        },
    }  # fmt: skip
