"""NequIP and Allegro by their authors' command line: ``nequip-train``, whose epochs a callback times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import yaml

CLOCK = "epoch_clock"  # module of the callback, which the command line imports from its folder


def main(order: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"{CLOCK}.py").write_text(CALLBACK)
        (folder / "fit.yaml").write_text(yaml.safe_dump(config(order, folder)))
        code = "from nequip.scripts.train import main; main()"
        words = ["--config-dir", name, "--config-name", "fit", f"hydra.run.dir={folder / 'out'}"]
        environment = {**os.environ, "PYTHONPATH": name, "EPOCHS": str(folder / "epochs.json")}
        start = perf_counter()
        subprocess.run(
            [sys.executable, "-c", code, *words], check=True, cwd=name, stdout=sys.stderr, env=environment
        )
        seconds = perf_counter() - start
        clock = json.loads((folder / "epochs.json").read_text())
        return {"fit_seconds": seconds, "epoch_cpu_seconds": clock, **evaluation(order, folder / "best.ckpt")}


CALLBACK = '''
import json, os, time
import lightning

class Clock(lightning.Callback):
    """CPU seconds of each epoch: batches, validation and checkpoint of the one before."""
    def __init__(self):
        self.seconds, self.start = [], None

    def on_train_epoch_start(self, trainer, module):
        now = time.process_time()
        if self.start is not None:
            self.seconds.append(now - self.start)
        self.start = now

    def on_train_end(self, trainer, module):
        self.seconds.append(time.process_time() - self.start)
        with open(os.environ["EPOCHS"], "w") as file:
            json.dump(self.seconds, file)

class Cooldown:
    """Learning-rate factor: 1, then over the second half of the epochs linearly down to a hundredth."""
    def __init__(self, epochs):
        self.epochs = epochs

    def __call__(self, epoch):
        return min(1.0, max(0.01, 2 * (1 - epoch / self.epochs)))
'''


def config(order: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The package's configuration of the same fit."""
    training, target = order["training"], lambda name, **more: {"_target_": name, **more}
    loader = lambda size, **more: target("torch.utils.data.DataLoader", batch_size=size, **more)
    monitor = "val0_epoch/forces_rmse"
    statistic = lambda name: "${training_data_stats:" + name + "}"
    transforms = [
        target("nequip.data.transforms.ChemicalSpeciesToAtomTypeMapper", model_type_names=order["elements"]),
        target("nequip.data.transforms.NeighborListTransform", r_max=order["cutoff"]),
    ]
    weights = {"total_energy": training["energy_weight"], "forces": training["forces_weight"]}
    stress = {"stress": training["stress_weight"]} if order["stress"] else {}
    kind = "EnergyForceStress" if order["stress"] else "EnergyForce"
    metrics = {"per_atom_energy_rmse": 0.0, "forces_rmse": 1.0, **({"stress_rmse": 0.0} if stress else {})}
    data = target(
        "nequip.data.datamodule.ASEDataModule",
        seed=order["seed"], train_file_path=order["train"], val_file_path=order["valid"],
        transforms=transforms, train_dataloader=loader(training["batch_size"], shuffle=True),
        val_dataloader=loader(10),
        stats_manager=target(
            "nequip.data.CommonDataStatisticsManager", type_names=order["elements"],
            dataloader_kwargs={"batch_size": 10},
        ),
    )  # fmt: skip
    model = {
        **order["model"], "seed": order["seed"], "model_dtype": "float32", "compile_mode": "eager",
        "r_max": order["cutoff"], "type_names": order["elements"],
        "avg_num_neighbors": statistic("num_neighbors_mean"),
        "per_type_energy_shifts": statistic("per_atom_energy_mean"),
        "per_type_energy_scales": statistic("forces_rms"),
    }  # fmt: skip
    trainer = target(
        "lightning.Trainer", accelerator="cpu", max_epochs=order["epochs"], logger=False,
        enable_progress_bar=False, gradient_clip_val=10.0,
        callbacks=[
            target(f"{CLOCK}.Clock"),
            target(
                "lightning.pytorch.callbacks.ModelCheckpoint", monitor=monitor, dirpath=str(folder),
                filename="best",
            ),
        ],
    )  # fmt: skip
    scheduler = target(
        "torch.optim.lr_scheduler.LambdaLR", lr_lambda=target(f"{CLOCK}.Cooldown", epochs=order["epochs"])
    )
    module = target(
        "nequip.train.EMALightningModule", ema_decay=0.99, model=model,
        loss=target(f"nequip.train.{kind}Loss", per_atom_energy=True, coeffs={**weights, **stress}),
        val_metrics=target(f"nequip.train.{kind}Metrics", coeffs=metrics),
        optimizer=target("torch.optim.Adam", lr=training["learning_rate"], amsgrad=True),
        lr_scheduler={"scheduler": scheduler, "interval": "epoch", "frequency": 1},
    )  # fmt: skip
    return {"run": ["train"], "data": data, "trainer": trainer, "training_module": module}


def evaluation(order: dict[str, Any], checkpoint: Path) -> dict[str, Any]:
    """Energies and forces of the test frames by the package's calculator, one frame after the other."""
    import torch
    from ase.io import read
    from nequip.integrations.ase import NequIPCalculator

    torch.set_default_dtype(torch.float64)
    calculator = NequIPCalculator._from_saved_model(str(checkpoint), device="cpu")
    energy, forces = [], []
    frames = read(order["test"], ":")
    start = process_time()
    for atoms in frames:
        atoms.calc = calculator
        energy.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces().tolist())
    return {"evaluate_cpu_seconds": process_time() - start, "energy": energy, "forces": forces}
