"""AcAc, 200 molecules of the 500 of train_300K: SGDML against sgdml 1.0.3, the authors' code.

    MLFFBENCH_DATA=../shared/data python benchmarks/peers/against_sgdml.py

The choice of 200 out of 500 molecules changes the error by more than the margin of the claim, so ours is
fitted to eight random draws and the mean counts; sgdml is fitted to the first draw, where both are compared
and timed. Both have the same fixed sigma and lam: a fit is the search for permutations, the kernel matrix,
its Cholesky solution and the constant of integration. sgdml runs on processes, as its command line does. An
evaluation gives energies and forces of all molecules of a test at once; sgdml's own search for the best
division of that work takes over five minutes on two cores and is left out, so evaluation is no claim. A last
child is SGDML with its defaults, which choose sigma and lam within the fit. sgdml calls functions that NumPy
2.4 no longer has: its side renames them in the peer's own environment.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from _peer import OURS, acac, at_least, at_most, publish, python_of, row, run

from mlffbench.data import Dataset

THREADS = 2
N_TRAIN, N_DRAWS = 200, 8
SAME = {"sigma": 20, "lam": 1e-10}


def main(quick: bool) -> None:
    python = python_of("sgdml", "sgdml==1.0.3", "torch>=2.6,<2.14")
    data, pool, tests = acac()
    tests = {name: picks[: 20 if quick else None] for name, picks in tests.items()}
    draws = [_draw(pool, 20 if quick else N_TRAIN, seed) for seed in range(2 if quick else N_DRAWS)]
    sides: dict[str, dict[str, Any]] = {}
    for seed, train in enumerate(draws):
        with TemporaryDirectory() as folder:
            order = {"threads": THREADS, "files": _files(data, train, tests, Path(folder))}
            ours = order | {"settings": SAME}
            if seed == 0:
                theirs = ours | {"torch": False}
                sides["sgdml"] = run(python, "sgdml_theirs", theirs, THREADS)
                default = order | {"settings": {"random_state": 0}}
                sides["default"] = run(OURS, "sgdml_ours", default, THREADS)
            sides[f"draw {seed}"] = run(OURS, "sgdml_ours", ours, THREADS)
    rows = {name: row(data, tests, side, "learned") for name, side in sides.items()}
    numbers = {"rows": rows, "settings": SAME, "train": [draw.tolist() for draw in draws]}
    if quick:
        print(json.dumps(numbers, indent=1))
    else:
        publish("sgdml", _claims(rows), numbers | {"threads": THREADS, "cpus": os.cpu_count()})


def _draw(pool: Any, n: int, seed: int) -> Any:
    return np.sort(np.random.default_rng(seed).choice(pool, n, replace=False))


def _files(data: Dataset, train: Any, tests: dict[str, Any], folder: Path) -> dict[str, str]:
    """Write positions, atomic numbers, energies and forces in the format that both sides read."""
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


def _claims(rows: dict[str, dict[str, Any]]) -> list[Any]:
    theirs, same = rows["sgdml"], rows["draw 0"]
    of = lambda row, name: row["errors"][name]["forces_rmse_mev_per_angstrom"]
    mean = lambda name: np.mean([of(row, name) for key, row in rows.items() if key[:4] == "draw"])
    apart = max(abs(of(theirs, name) - of(same, name)) for name in ("300K", "600K"))
    return [
        at_most("sGDML, forces at 300 K, mean over the draws", mean("300K"), 22.2, "meV/Å"),
        at_most("sGDML, forces at 600 K, mean over the draws", mean("600K"), 47.5, "meV/Å"),
        at_most("errors of sgdml and ours on the same draw, apart", apart, 0.01, "meV/Å"),
        at_least("fit against sgdml", theirs["fit_seconds"] / same["fit_seconds"], 5.0),
    ]


if __name__ == "__main__":
    main("--quick" in sys.argv)
