"""Checks of the malonaldehyde labels: finite differences, rMD17's labels of the same molecule, relabelling.

    MLFFBENCH_DATA=../shared/data python benchmarks/recipes/malonaldehyde_checks.py WORK/malonaldehyde.xyz.gz

prints a JSON document, the card's ``checks``. It makes 23 DFT labels, about ten seconds each.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset
from mlffbench.datasets.path import path
from mlffbench.datasets.rmd17 import rmd17
from mlffbench.labelling.recipe import read_recipe
from mlffbench.registry import load

RECIPE = read_recipe(Path(__file__).with_name("malonaldehyde.yaml"))
STEP = 1e-3  # Å, along a unit vector in all coordinates


def labelled(atoms: Atoms) -> tuple[float, np.ndarray]:
    """Energy (eV) and forces (eV/Å) by the recipe's labelling calculator."""
    spec = RECIPE.label_with.calculator
    atoms = atoms.copy()
    atoms.calc = load("calculators", spec.name)(**spec.params)
    forces = atoms.get_forces()
    return atoms.get_potential_energy(), forces


def finite_differences(data: Dataset) -> list[float]:
    """|−ΔE/Δx − F·x̂| of two frames each at 300 and 1200 K, along a random direction; meV/Å."""
    errors = []
    for group in ("test_300K", "test_1200K"):
        for seed, i in enumerate(np.flatnonzero(data.columns["group"] == group)[:2]):
            direction = np.random.default_rng(seed).normal(size=(len(data.frames[i]), 3))
            direction /= np.linalg.norm(direction)
            energies = []
            for sign in (1, -1):
                moved = data.frames[i].copy()
                moved.positions += sign * STEP * direction
                energies.append(labelled(moved)[0])
            forces = data.labels.forces[i]
            numeric = -(energies[0] - energies[1]) / (2 * STEP)
            errors.append(round(1e3 * abs(numeric - float(np.sum(forces * direction))), 4))
    return errors


def witness() -> dict[str, Any]:
    """Differences from rMD17 (ORCA at the same PBE/def2-SVP) on ten of its frames."""
    other = rmd17("malonaldehyde", 1)
    indices = np.flatnonzero(other.columns["group"] == "test")[::100]
    ours = [labelled(other.frames[i]) for i in indices]
    shift = np.array([energy for energy, _ in ours]) - other.labels.energy[indices]
    difference = np.array([forces for _, forces in ours]) - np.array(
        [other.labels.forces[i] for i in indices]
    )
    return {
        "source": "rMD17 malonaldehyde test_01, frames 0, 100 ... 900 (ORCA PBE/def2-SVP)",
        "force_rms_difference_meV_per_A": round(1e3 * float(np.sqrt(np.mean(difference**2))), 3),
        "force_max_difference_meV_per_A": round(1e3 * float(np.abs(difference).max()), 3),
        "relative_energy_rms_difference_meV": round(1e3 * float(np.std(shift)), 3),
        "energy_offset_meV": round(1e3 * float(np.mean(shift)), 3),
    }


def relabelled(data: Dataset, n: int = 5) -> dict[str, Any]:
    """Largest difference between stored and recomputed labels, over `n` frames across the set."""
    indices = np.linspace(0, len(data) - 1, n).astype(int)
    again = [labelled(data.frames[i]) for i in indices]
    of_forces = [
        np.abs(forces - data.labels.forces[i]).max() for i, (_, forces) in zip(indices, again, strict=True)
    ]
    of_energies = [abs(energy - data.labels.energy[i]) for i, (energy, _) in zip(indices, again, strict=True)]
    return {
        "frames": indices.tolist(),
        "energy_max_difference_meV": 1e3 * max(of_energies),
        "force_max_difference_meV_per_A": 1e3 * float(max(of_forces)),
    }


def main(file: str) -> None:
    data = path(file)
    checks = {
        "finite_difference_meV_per_A": finite_differences(data),
        "witness": witness(),
        "relabelled": relabelled(data),
    }
    print(json.dumps({"checks": checks}, indent=1))


if __name__ == "__main__":
    main(sys.argv[1])
