"""The authors' side: gap_fit and quippy as in their documentation, none of our code."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import quippy
from ase import Atoms
from ase.io import read, write
from quippy.potential import Potential


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Fit to ``order["train"]``; predict energies and forces of every file of ``order["tests"]``."""
    train = read(order["train"], ":")
    tests = {name: read(path, ":") for name, path in order["tests"].items()}
    with TemporaryDirectory() as folder:
        start = perf_counter()
        fit(train, Path(folder), order["settings"])
        answer: dict[str, Any] = {"fit_seconds": perf_counter() - start, "tests": {}}
        potential = Potential(param_filename=str(Path(folder) / "gap.xml"))
    evaluate(potential, train[:3])  # warm-up: no side's first call is timed
    for name, frames in tests.items():
        start = perf_counter()
        energy, forces = evaluate(potential, frames)
        seconds = perf_counter() - start
        answer["tests"][name] = {"seconds": seconds, "energy": energy, "forces": [f.tolist() for f in forces]}
    return answer


def fit(frames: list[Atoms], folder: Path, settings: dict[str, Any]) -> None:
    """Fit one SOAP for each element (``add_species``); each molecule lies in a box wider than the cutoff."""
    labelled = []
    for atoms in frames:
        copy = Atoms(atoms.numbers, atoms.positions, pbc=True)
        copy.set_cell(np.ptp(atoms.positions, axis=0) + 2 * settings["cutoff"])
        copy.info["dft_energy"] = atoms.get_potential_energy()
        copy.arrays["dft_forces"] = atoms.get_forces()
        labelled.append(copy)
    write(folder / "train.xyz", labelled, format="extxyz")
    soap = {"covariance_type": "dot_product", "sparse_method": "cur_points", "delta": 1.0, "add_species": "T"}
    descriptor = " ".join(f"{k}={v}" for k, v in (soap | settings).items())
    command = {
        "atoms_filename": "train.xyz", "gap_file": "gap.xml", "gap": f"{{soap {descriptor}}}",
        "energy_parameter_name": "dft_energy", "force_parameter_name": "dft_forces", "e0_method": "average",
        "default_sigma": "{0.001 0.01 0 0}", "do_copy_atoms_file": "F", "rnd_seed": 1,
    }  # fmt: skip
    program = Path(quippy.__path__[0]) / "gap_fit"
    with (folder / "log").open("w") as log:
        arguments = [f"{k}={v}" for k, v in command.items()]
        done = subprocess.run([program, *arguments], cwd=folder, stdout=log, stderr=log)
    if done.returncode:
        raise RuntimeError((folder / "log").read_text()[-2000:])


def evaluate(potential: Potential, frames: list[Atoms]) -> tuple[list[float], list[np.ndarray]]:
    energy, forces = [], []
    for atoms in frames:
        atoms = Atoms(atoms.numbers, atoms.positions)
        atoms.calc = potential
        forces.append(atoms.get_forces())
        energy.append(atoms.get_potential_energy())
    return energy, forces
