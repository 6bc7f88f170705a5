"""AcAc, 200 molecules of train_300K: SGDML against sgdml 1.0.3, the authors' code.

    MLFFBENCH_DATA=../shared/data python benchmarks/peers/sgdml.py [--first]

Both sides learn the same 200 molecules, spread evenly over the 500 (with ``--first`` the first 200), with the
same fixed sigma and lam: a fit is the search for permutations, the kernel matrix, its Cholesky solution and
the constant of integration. sgdml runs as its command line does, on processes. An evaluation gives energies
and forces of all molecules of a test at once; sgdml's own search for its best division of that work takes
longer than everything else here (over five minutes on two cores) and is left out, so evaluation is no claim.
A last child is SGDML as it is by default, which chooses sigma and lam within its fit. sgdml calls functions
that NumPy 2.4 no longer has: its side renames them in the peer's own environment.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from _peer import OURS, acac, at_least, at_most, errors, publish, python_of, run

from mlffbench.data import Dataset

THREADS = 2
N_TRAIN = 200
SAME = {"sigma": 20, "lam": 1e-10}


def main(quick: bool, first: bool) -> None:
    python = python_of("sgdml", "sgdml==1.0.3", "torch>=2.6,<2.14")
    data, train, tests = acac()
    n_train = 20 if quick else N_TRAIN
    train = train[:n_train] if first else train[np.linspace(0, len(train) - 1, n_train).round().astype(int)]
    tests = {name: picks[: 20 if quick else None] for name, picks in tests.items()}
    with TemporaryDirectory() as folder:
        order = {"threads": THREADS, "files": _files(data, train, tests, Path(folder))}
        sides = {
            "sgdml": run(python, "sgdml_theirs", order | {"settings": SAME, "torch": False}, THREADS),
            "same": run(OURS, "sgdml_ours", order | {"settings": SAME}, THREADS),
            "default": run(OURS, "sgdml_ours", order | {"settings": {"random_state": 0}}, THREADS),
        }
    rows = {name: _row(data, tests, side) for name, side in sides.items()}
    numbers = {"rows": rows, "settings": SAME, "train": "first" if first else "spread", "n_train": n_train}
    if quick:
        print(json.dumps(numbers, indent=1))
    else:
        publish("sgdml", _claims(rows), numbers | {"threads": THREADS, "cpus": os.cpu_count()})


def _files(data: Dataset, train: Any, tests: dict[str, Any], folder: Path) -> dict[str, str]:
    """Positions, atomic numbers, energies and forces as both sides read them."""
    paths = {}
    for name, picks in {"train": train, **tests}.items():
        labels = data.labels[picks]
        paths[name] = str(folder / f"{name}.npz")
        np.savez(
            paths[name],
            R=np.array([data.frames[i].positions for i in picks]),
            z=data.frames[picks[0]].numbers,
            E=labels.energy,
            F=np.array(labels.forces),
        )
    return paths


def _row(data: Dataset, tests: dict[str, Any], side: dict[str, Any]) -> dict[str, Any]:
    """Seconds, memory and errors of one side."""
    found = side["tests"]
    return {
        "fit_seconds": side["fit_seconds"],
        "peak_memory_mb": side["peak_memory_mb"],
        "ms_per_molecule": {k: 1e3 * found[k]["seconds"] / len(picks) for k, picks in tests.items()},
        "errors": {
            k: errors(data.labels[picks], found[k]["energy"], found[k]["forces"])
            for k, picks in tests.items()
        },
        "learned": side["learned"],
    }


def _claims(rows: dict[str, dict[str, Any]]) -> list[Any]:
    theirs, same = rows["sgdml"], rows["same"]
    forces = lambda name: same["errors"][name]["forces_rmse_mev_per_angstrom"]  # noqa: E731
    return [
        at_most("sGDML, forces at 300 K", forces("300K"), 22.2, "meV/Å"),
        at_most("sGDML, forces at 600 K", forces("600K"), 47.5, "meV/Å"),
        at_least("fit against sgdml", theirs["fit_seconds"] / same["fit_seconds"], 5.0),
    ]


if __name__ == "__main__":
    main("--quick" in sys.argv, "--first" in sys.argv)
