"""AcAc, all of train_300K: SOAP-GPR against gap_fit and quippy, the authors' GAP.

    MLFFBENCH_DATA=../shared/data python benchmarks/peers/against_gap.py

Three children, one after the other on the same files and threads: gap_fit at 500 sparse points of each
element; SOAPGPR with the same points, radial functions, degree, cutoff and kernel, for the ratio of times;
and SOAPGPR with its defaults, for the errors. Neither side computes uncertainties. A fit is timed from frames
in memory to a potential, so gap_fit's includes writing its input; an evaluation gives energies and forces of
all molecules. quippy evaluates one molecule at a time: its calculator has no batches.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from _peer import OURS, acac, at_least, at_most, publish, python_of, row, run, save

from mlffbench.data import Dataset

THREADS = 2
THEIRS = {"cutoff": 5.0, "n_max": 8, "l_max": 4, "atom_sigma": 0.3, "zeta": 4, "n_sparse": 500}
SAME = {"cutoff": 5.0, "n_max": 8, "l_max": 4, "sigma": 0.3, "zeta": 4.0, "n_sparse": 500}
BEST: dict[str, float] = {}  # the defaults
QUICK = {"cutoff": 4.0, "n_max": 4, "l_max": 3, "n_sparse": 100}


def main(quick: bool) -> None:
    python = python_of("gap", "quippy-ase==0.10.3")
    data, train, tests = acac(20 if quick else None)
    tests = {name: picks[: 10 if quick else None] for name, picks in tests.items()}
    smaller = QUICK if quick else {}
    with TemporaryDirectory() as folder:
        order = {"threads": THREADS} | _files(data, train, tests, Path(folder))
        quiet = {"uncertainty": False}
        sides = {
            "gap": run(python, "gap_theirs", order | {"settings": THEIRS | smaller}, THREADS),
            "same": run(OURS, "gap_ours", order | {"settings": SAME | quiet | smaller}, THREADS),
            "best": run(OURS, "gap_ours", order | {"settings": BEST | quiet | smaller}, THREADS),
        }
    rows = {name: row(data, tests, side, "parameters") for name, side in sides.items()}
    numbers = {"rows": rows, "theirs": THEIRS | smaller, "threads": THREADS, "cpus": os.cpu_count()}
    if quick:
        print(json.dumps(numbers, indent=1))
    else:
        publish("gap", _claims(rows), numbers)


def _files(data: Dataset, train: Any, tests: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write the training and test frames in the format that both sides read."""
    put = lambda name, picks: str(
        save(folder / f"{name}.xyz", [data.frames[i] for i in picks], data.labels[picks])
    )
    return {"train": put("train", train), "tests": {name: put(name, picks) for name, picks in tests.items()}}


def _claims(rows: dict[str, dict[str, Any]]) -> list[Any]:
    gap, same, best = rows["gap"], rows["same"], rows["best"]
    forces = lambda row, name: row["errors"][name]["forces_rmse_mev_per_angstrom"]
    faster = lambda row: gap["ms_per_molecule"]["300K"] / row["ms_per_molecule"]["300K"]
    return [
        at_most("SOAP-GPR, forces at 300 K", forces(best, "300K"), 15.0, "meV/Å"),
        at_most("SOAP-GPR, forces at 600 K", forces(best, "600K"), 48.0, "meV/Å"),
        at_least(
            "fit at the same size against gap_fit", gap["fit_seconds"] / same["fit_seconds"], 8.0
        ),
        at_most("peak memory of SOAP-GPR", best["peak_memory_mb"] / 1024, 4.0, "GiB"),
        at_least("evaluation at the same size against quippy", faster(same), 5.0),
        at_least("evaluation of the accurate model against quippy", faster(best), 5.0),
    ]  # fmt: skip


if __name__ == "__main__":
    main("--quick" in sys.argv)
