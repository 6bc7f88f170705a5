"""Predictions by another Python beside the same in that Python: equal numbers, and the overhead of a batch.

``python benchmarks/peers/elsewhere.py`` fits a small NequIP in its environment, which is made if it is not
there, saves it, and predicts batches of molecules by both Pythons: this one, where the package is missing and
a process in the environment computes, and that of the environment.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
from _peer import OURS, Claim, at_most, publish, run
from ase.io import write

from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.estimators import NequIP
from mlffbench.system.distant_model import is_distant
from mlffbench.system.python_environment import PythonEnvironment

BATCHES = (1, 10, 100)  # molecules of nine atoms
REPEATS = 20
MOST_MILLISECONDS = {1: 3.0, 10: 4.0, 100: 12.0}  # of CPU time that a batch costs more


def main() -> None:
    """Fit, predict on both sides, print the claims, and write ``results/peers/elsewhere.json``."""
    assert is_distant(NequIP), "nequip is installed in this Python, which then needs no other"
    data = malonaldehyde()
    model = NequIP(num_channels=8, num_layers=2, max_epochs=2, random_state=0)
    model.fit(data.frames[:40], data.labels[:40])
    environment = PythonEnvironment.of(NequIP.environment or {})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.mlff"
        model.save(file)
        tests = {str(n): f"{folder}/{n}.xyz" for n in BATCHES}
        for n in BATCHES:
            write(tests[str(n)], data.frames[:n], format="extxyz")
        order = {"model": str(file), "tests": tests, "repeats": REPEATS}
        ours = run(OURS, "predictions", order, threads=1)
        python = environment.ready()
        os.environ.update(environment.variables(python))
        theirs = run(Path(python), "predictions", order, threads=1)
    assert theirs["computed_here"]
    assert not ours["computed_here"]
    publish("elsewhere", *_compared(ours["tests"], theirs["tests"]), child=model.child_)


def _compared(ours: dict, theirs: dict) -> tuple[list[Claim], dict]:
    """Claims, and seconds of each batch on both sides."""
    claims, numbers = [], {}
    for n in BATCHES:
        one, other = ours[str(n)], theirs[str(n)]
        for name, unit in (("energy", "eV"), ("forces", "eV/Å")):
            difference = np.abs(np.array(one[name]) - other[name]).max()
            claims.append(at_most(f"difference of {name}, {n} molecules", difference, 0.0, unit))
        more = 1e3 * (one["cpu_seconds"] - other["cpu_seconds"])
        claims.append(at_most(f"CPU time more, {n} molecules", more, MOST_MILLISECONDS[n], "ms"))
        times = {name: [1e3 * side[name] for side in (one, other)] for name in ("seconds", "cpu_seconds")}
        numbers[str(n)] = {"milliseconds here, there": times}
    return claims, numbers


if __name__ == "__main__":
    main()
