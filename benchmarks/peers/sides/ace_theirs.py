"""The authors' side of ace.py: ace-jax's pipeline and calculator as documented, none of our code."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax
from ace_jax.basis.model import BasisSpec
from ace_jax.calc.point import ACECalculator
from ace_jax.fit.pipeline import FitConfig, fit, load_fit_data
from ace_jax.fit.pipeline.export import save_model
from ase import Atoms
from ase.io import read


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Fit to ``order["train"]`` and predict ``order["test"]``, frame by frame."""
    jax.config.update("jax_enable_x64", True)
    train, test = (read(order[part], ":") for part in ("train", "test"))
    settings = order["settings"]
    begun = time.process_time()
    basis = BasisSpec(
        order=settings["order"],
        max_degree=settings["degree"],
        rcut=settings["cutoff"],
        no_coupling_cache=True,
    )
    config = FitConfig(
        model=basis, arm="linear", m_per_species=0, stress_key="stress", r0=None, predict_train=False,
        predict_stats="auto", batch=16,
    )  # fmt: skip
    data = load_fit_data(config, train=train, test=train[:1], log=silent)
    result = fit(config, data, log=silent)
    with TemporaryDirectory() as folder:
        calculator = ACECalculator(str(Path(save_model(result, folder, log=silent))))
    fitted = time.process_time()
    evaluate(calculator, test)
    start = time.process_time()
    predicted = evaluate(calculator, test)
    return {"fit_seconds": fitted - begun, "seconds": time.process_time() - start, **predicted}


def silent(*texts: object) -> None:
    """Print nothing."""


def evaluate(calculator: ACECalculator, frames: list[Atoms]) -> dict[str, list[Any]]:
    """Energies, forces and stresses."""
    rows: dict[str, list[Any]] = {"energy": [], "forces": [], "stress": []}
    for atoms in (frame.copy() for frame in frames):
        atoms.calc = calculator
        rows["energy"].append([atoms.get_potential_energy()])
        rows["forces"].append(atoms.get_forces().tolist())
        rows["stress"].append(atoms.get_stress().tolist())
    return rows
