"""Their side of against_deepmd.py: ``dp --pt train``, ``dp --pt freeze`` and deepmd-kit's calculator."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase.io import read

CHECKPOINT = "model.ckpt.pt"
PART = "model.Default.atomic_model."  # of the names of weights in a checkpoint


def main(order: dict[str, Any]) -> dict[str, Any]:
    folder = Path(order["folder"]).resolve()
    os.environ["NUM_WORKERS"] = "0"  # data are read by this process, whose CPU seconds count
    os.chdir(folder)
    for part in ("train", "valid"):
        write_system(folder / part, read(order[part], ":"), order["elements"])
    (folder / "input.json").write_text(json.dumps(settings(order)))
    seconds = train()
    test = read(order["test"], ":")
    own = evaluation(CHECKPOINT, test)
    return {"fit_seconds": seconds, **own, "ours": evaluation(with_our_weights(), test)}


def write_system(folder: Path, frames: list[Any], elements: list[str]) -> None:
    """Write frames of one composition in deepmd-kit's format."""
    (first, *others) = frames
    assert all((atoms.numbers == first.numbers).all() for atoms in others)
    arrays = {
        "coord": [atoms.get_positions(wrap=True).ravel() for atoms in frames],
        "box": [atoms.cell.array.ravel() for atoms in frames],
        "energy": [atoms.get_potential_energy() for atoms in frames],
        "force": [atoms.get_forces().ravel() for atoms in frames],
    }
    (folder / "set.000").mkdir(parents=True)
    (folder / "type_map.raw").write_text("\n".join(elements))
    (folder / "type.raw").write_text("\n".join(str(elements.index(s)) for s in first.symbols))
    for name, values in arrays.items():
        np.save(folder / "set.000" / f"{name}.npy", np.array(values))


def settings(order: dict[str, Any]) -> dict[str, Any]:
    """The input file of the same fit; loss and learning rate are those of the manual's se_e2_a example."""
    size, steps = order["size"], order["steps"]
    batch = {"batch_size": order["training"]["batch_size"]}
    descriptor = {
        "type": "se_e2_a", "sel": order["slots"], "rcut": order["cutoff"],
        "rcut_smth": order["smoothing"] * order["cutoff"], "neuron": size["embedding"],
        "axis_neuron": size["axis_neurons"], "set_davg_zero": True, "precision": "float64",
        "seed": order["seed"] + 1,
    }  # fmt: skip
    fitting = {"neuron": size["hidden"], "precision": "float64", "seed": order["seed"] + 1}
    return {
        "model": {"type_map": order["elements"], "descriptor": descriptor, "fitting_net": fitting},
        "learning_rate": {
            "type": "exp", "start_lr": 1e-3, "stop_lr": 3.51e-8, "decay_steps": max(1, steps // 200),
        },
        "loss": {
            "type": "ener", "start_pref_e": 0.02, "limit_pref_e": 1, "start_pref_f": 1000, "limit_pref_f": 1,
            "start_pref_v": 0, "limit_pref_v": 0,
        },
        "training": {
            "training_data": {"systems": ["train"], **batch},
            "validation_data": {"systems": ["valid"], **batch},
            "numb_steps": steps, "seed": order["seed"] + 1, "disp_freq": 100, "save_freq": steps,
            "save_ckpt": CHECKPOINT.removesuffix(".pt"),
        },
    }  # fmt: skip


def train() -> float:
    """Run the command line's training in this process; CPU seconds of its steps."""
    from deepmd.main import main as dp
    from deepmd.pt.train.training import Trainer

    seconds, run = [], Trainer.run

    def timed(self: Any) -> None:
        begun = time.process_time()
        run(self)
        seconds.append(time.process_time() - begun)

    Trainer.run = timed
    dp(["--pt", "train", "input.json", "--skip-neighbor-stat"])
    return seconds[0]


def with_our_weights() -> str:
    """Put the weights of the other side, without its shift and scale, into a copy of the checkpoint."""
    checkpoint = torch.load(CHECKPOINT, weights_only=True)
    state = checkpoint["model"]
    for part, values in torch.load("ours.pt", weights_only=True).items():
        names = {f"{PART}{part}.{name}": value for name, value in values.items()}
        assert {name for name in state if name.startswith(f"{PART}{part}.")} == set(names)
        state.update(names)
    state[f"{PART}out_bias"].zero_()
    state[f"{PART}out_std"].fill_(1.0)
    torch.save(checkpoint, "with_ours.pt")
    return "with_ours.pt"


def evaluation(checkpoint: str, frames: list[Any]) -> dict[str, Any]:
    """Freeze a checkpoint; energies and forces by the calculator, one frame after the other."""
    from deepmd.calculator import DP
    from deepmd.main import main as dp

    frozen = str(Path(checkpoint).with_suffix(".pth"))
    dp(["--pt", "freeze", "-c", checkpoint, "-o", frozen])
    calculator, energy, forces = DP(frozen), [], []
    begun = time.process_time()
    for atoms in frames:
        calculator.calculate(atoms)
        energy.append(float(calculator.results["energy"]))
        forces.append(calculator.results["forces"].tolist())
    return {"seconds": time.process_time() - begun, "energy": energy, "forces": forces}
