"""Silicon, 100 training frames: the estimator `ace` against ace-jax's own pipeline and calculator.

    python benchmarks/peers/ace.py

Two children, one after the other on the same files and one thread. Theirs follows ace-jax's documentation:
``BasisSpec``, ``load_fit_data``, ``fit`` and ``ACECalculator``, which takes one frame at a time. Both fit the
same basis by the evidence, so forces and energies must agree up to the rounding that the order of the frames
leaves. Times are CPU seconds, compilation included in the fit; both sides evaluate the test frames once
before they are timed: the first call of every shape compiles.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from _peer import OURS, Claim, at_least, at_most, publish, python_of, run, save

from mlffbench.datasets.silicon import silicon

SETTINGS = {"order": 3, "degree": 12, "cutoff": 5.0}
QUICK = {"order": 2, "degree": 5, "cutoff": 5.0}


def main(quick: bool) -> None:
    python = python_of("ace", "ace-jax==0.4.1")
    data = silicon()
    group = data.columns["group"]
    picks = {"train": np.flatnonzero(group == "train")[:100], "test": np.flatnonzero(group == "test")}
    picks = {part: rows[: 10 if quick else None] for part, rows in picks.items()}
    with TemporaryDirectory() as folder:
        put = lambda part, rows: save(
            Path(folder) / f"{part}.xyz", [data.frames[i] for i in rows], data.labels[rows]
        )
        files = {part: str(put(part, rows)) for part, rows in picks.items()}
        order = {**files, "settings": QUICK if quick else SETTINGS}
        ours = run(OURS, "ace_ours", order, threads=1)
        theirs = run(python, "ace_theirs", order, threads=1)
    true = np.concatenate([data.labels.forces[i] for i in picks["test"]])
    rmse = lambda side: float(1e3 * np.sqrt(np.mean(np.square(np.concatenate(side["forces"]) - true))))
    numbers: dict[str, Any] = {
        name: {
            "fit_cpu_seconds": side["fit_seconds"],
            "microseconds_per_atom": 1e6 * side["seconds"] / len(true),
            "forces_rmse_mev_per_angstrom": rmse(side),
            "peak_memory_mb": side["peak_memory_mb"],
        }
        for name, side in (("ours", ours), ("theirs", theirs))
    }
    numbers["differences"] = {
        name: float(np.abs(np.concatenate(ours[name]) - np.concatenate(theirs[name])).max())
        for name in ("energy", "forces", "stress")
    }
    if quick:
        print(json.dumps(numbers, indent=1))
    else:
        publish("ace", _claims(numbers), numbers, settings=SETTINGS)


def _claims(numbers: dict[str, Any]) -> list[Claim]:
    ours, theirs, difference = numbers["ours"], numbers["theirs"], numbers["differences"]
    ratio = lambda name: theirs[name] / ours[name]
    return [
        at_most("forces of silicon's test frames", ours["forces_rmse_mev_per_angstrom"], 17.45, "meV/Å"),
        at_most("CPU seconds of the fit", ours["fit_cpu_seconds"], 60.0, "s"),
        at_most("largest difference of forces", difference["forces"], 1e-8, "eV/Å"),
        at_most("largest difference of energies", difference["energy"], 1e-8, "eV"),
        at_most("largest difference of stresses", difference["stress"], 1e-8, "eV/Å³"),
        at_least("fit without the package's predictions", ratio("fit_cpu_seconds"), 1.2),
        at_least("evaluation in blocks", ratio("microseconds_per_atom"), 1.0),
    ]


if __name__ == "__main__":
    main("--quick" in sys.argv)
