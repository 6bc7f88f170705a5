"""MACE by mace-torch: ``mace_run_train`` timed by its own log, and a loop over MACECalculator."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from ase.data import atomic_numbers
from ase.io import read

WARM = 10  # molecules evaluated before the clock starts
LINE = re.compile(r"^(\S+ \S+) INFO: (?:Initial|Epoch \d+):.*RMSE_F= *([\d.]+) meV", re.M)


def main(order: dict[str, Any]) -> dict[str, Any]:
    return fit(order) if order["task"] == "fit" else evaluate(order)


def fit(order: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        code = "from mace.cli.run_train import main; main()"
        start = perf_counter()
        subprocess.run(
            [sys.executable, "-c", code, *arguments(order)], check=True, cwd=folder, stdout=sys.stderr
        )
        seconds = perf_counter() - start
        log = next(p for p in Path(folder, "logs").glob("*.log") if "debug" not in p.name).read_text()
    lines = LINE.findall(log)[: order["epochs"] + 1]
    clock = [datetime.fromisoformat(stamp).timestamp() for stamp, _ in lines]
    return {
        "epoch_seconds": np.diff(clock).tolist(),
        "fit_seconds": seconds,
        "validation_forces_rmse_mev_per_angstrom": float(lines[-1][1]),
    }


def arguments(order: dict[str, Any]) -> list[str]:
    size, training = order["size"], order["training"]
    isolated = {atomic_numbers[s]: e for s, e in order["atomic_energies"].items()}
    flags = {
        "name": "theirs", "train_file": order["train"], "valid_file": order["valid"], "E0s": isolated,
        "energy_key": "energy", "forces_key": "forces", "seed": order["seed"],
        "device": order.get("device", "cpu"),
        "model": "ScaleShiftMACE", "r_max": size["cutoff"], "num_channels": size["num_channels"],
        "max_L": size["max_L"], "max_ell": size["max_ell"], "correlation": size["correlation"],
        "num_interactions": size["num_interactions"], "num_radial_basis": size["num_radial_basis"],
        "interaction_first": "RealAgnosticResidualInteractionBlock",
        "interaction": "RealAgnosticResidualInteractionBlock", "scaling": "rms_forces_scaling",
        "batch_size": training["batch_size"], "valid_batch_size": training["batch_size"],
        "lr": training["learning_rate"], "weight_decay": training["weight_decay"],
        "ema_decay": training["ema_decay"], "energy_weight": training["energy_weight"],
        "forces_weight": training["forces_weight"], "default_dtype": training["dtype"],
        "max_num_epochs": order["epochs"], "error_table": "PerAtomRMSE", "plot": "False",
    }  # fmt: skip
    return ["--ema", "--amsgrad", *(f"--{name}={value}" for name, value in flags.items())]


def evaluate(order: dict[str, Any]) -> dict[str, Any]:
    from mace.calculators import MACECalculator

    calculator = MACECalculator(order["model"], device="cpu", default_dtype="float32")
    frames = read(order["test"], ":")
    for atoms in frames:
        atoms.calc = calculator
    for atoms in frames[:WARM]:
        atoms.get_forces()
    energy = []
    start = perf_counter()
    for atoms in frames:
        energy.append(atoms.get_potential_energy())
        atoms.get_forces()
    return {"seconds": perf_counter() - start, "energy": energy}
