"""Batched molecular dynamics of malonaldehyde against one trajectory after the other, and against ASE's loop.

    OMP_NUM_THREADS=2 python benchmarks/peers/batched_dynamics.py [--quick]

Three models are fitted to the built-in frames at 300 K. For each, one run times 32 trajectories of Langevin
dynamics as a batch against (a) one after the other as revision 547d294 did it, whose package is taken from
git and fits the same model in a process of its own (four of the 32 are timed), and (b) one after the other
today; and one trajectory against ASE's own loop with the same calculator. Sides alternate; the fastest of all
rounds counts. Both ways are also compared over 100 steps of equal seeds.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _peer import OURS, Claim, at_least, at_most, publish, run
from ase import Atoms, units
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution

from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.forcefield import ForceField
from mlffbench.properties.bulk_dynamics import run_many
from mlffbench.properties.dynamics import dynamics
from mlffbench.properties.limits import Limits
from mlffbench.registry import make

BEFORE, THREADS = "547d294", 2
N, TIMED = 32, 4  # trajectories, and those of them that are timed one after the other
FITS: dict[str, dict[str, Any]] = {
    "soap_gpr": {},
    "mace": {"max_epochs": 5000, "max_seconds": 40},
    "behler_parrinello": {"max_epochs": 5000, "max_seconds": 20},
}
QUICK: dict[str, dict[str, Any]] = {
    "soap_gpr": {"n_sparse": 200},
    "mace": {"max_epochs": 5000, "max_seconds": 10},
    "behler_parrinello": {"max_epochs": 5000, "max_seconds": 10},
}
TEMPERATURE, TIMESTEP, FRICTION, INTERVAL = 300.0, 0.5, 0.01, 5  # K, fs, 1/fs, steps: those of the task md


def main(quick: bool = False) -> None:
    torch.set_num_threads(threads := 1 if quick else THREADS)
    data = malonaldehyde()
    steps, rounds, frames, compared = (5, 1, 60, 5) if quick else (60, 5, 200, 100)
    train = np.flatnonzero(data.columns["group"] == "train_300K")[:frames]
    limits = Limits.observed(data.frames)
    claims: list[Claim] = []
    numbers: dict[str, Any] = {
        "steps": steps,
        "rounds": rounds,
        "training_frames": frames,
        "threads": threads,
    }
    energies = {"atomic_energies": dict(data.atomic_energies or {})}
    for name, params in (QUICK if quick else FITS).items():
        order = {
            "name": name, "params": {**params, **energies}, "train": train.tolist(), "rounds": rounds,
            "given": [TEMPERATURE, steps, TIMESTEP, FRICTION, INTERVAL], "timed": TIMED,
        }  # fmt: skip
        model = make({name: order["params"]}, ("estimators",))
        model.fit([data.frames[i] for i in train], data.labels[train])
        starts = [data.frames[i] for i in train[:N]]
        seconds = {"before": N * _before(order, threads), **_seconds(model, starts, limits, steps, rounds)}
        numbers[name] = {
            "ms_per_step": {side: 1e3 * s for side, s in seconds.items()},
            "deviation_angstrom": _deviation(model, starts[:4], limits, compared),
            **_ratios(seconds),
        }
        claims += _claims(name, numbers[name])
    if quick:
        print(claims, numbers)
    else:
        publish("batched_dynamics", claims, numbers, fits=FITS)


def _before(order: Mapping[str, Any], threads: int) -> float:
    """Wall time of a step of one trajectory with the package of the earlier revision."""
    with tempfile.TemporaryDirectory() as folder:
        git = ["git", "-C", str(Path(__file__).parents[2]), "archive", BEFORE, "mlffbench"]
        archive = subprocess.run(git, check=True, capture_output=True)
        subprocess.run(["tar", "-x", "-C", folder], check=True, input=archive.stdout)
        return run(OURS, "dynamics_before", {**order, "package": folder}, threads)["seconds_per_step"]


def _seconds(
    model: ForceField, starts: list[Atoms], limits: Limits, steps: int, rounds: int
) -> dict[str, float]:
    """Wall time of a step of all 32 trajectories (one by one, batch), and of one (ASE, ours)."""
    calculator = model.calculator()
    given = (TEMPERATURE, steps, TIMESTEP, FRICTION, INTERVAL, limits)
    some, scale = range(TIMED), N / TIMED
    sides: dict[str, tuple[Callable[[], Any], float]] = {
        "one by one": (lambda: [dynamics(calculator, starts[k], *given, seed=k) for k in some], scale),
        "batch": (lambda: _survivors(run_many(calculator, starts, *given)), 1.0),
        "one, ASE's loop": (lambda: _by_ase(calculator, starts[0], steps), 1.0),
        "one, ours": (lambda: dynamics(calculator, starts[0], *given), 1.0),
    }
    run_many(calculator, starts, TEMPERATURE, 2, TIMESTEP, FRICTION)  # warm
    best = dict.fromkeys(sides, np.inf)
    for _ in range(rounds):
        for side, (work, factor) in sides.items():
            start = time.perf_counter()
            work()
            best[side] = min(best[side], factor * (time.perf_counter() - start) / steps)
    return best


def _survivors(runs: list[Any]) -> None:
    if dead := [run.failure or run.error for run in runs if run.failure or run.error]:
        raise SystemExit(f"{len(dead)} of {len(runs)} trajectories end early and spoil the timing: {dead}")


def _by_ase(calculator: Any, start: Atoms, steps: int) -> Atoms:
    """Run ASE's own Langevin loop; return the last structure."""
    rng, atoms = np.random.RandomState(0), start.copy()
    atoms.calc = calculator
    MaxwellBoltzmannDistribution(atoms, temperature_K=TEMPERATURE, rng=rng)
    settings = {"temperature_K": TEMPERATURE, "friction": FRICTION / units.fs, "rng": rng, "fixcm": False}
    Langevin(atoms, TIMESTEP * units.fs, **settings).run(steps)
    return atoms


def _deviation(model: ForceField, starts: list[Atoms], limits: Limits, steps: int) -> float:
    """Largest difference of the positions, Å, batch against one by one, for equal seeds."""
    calculator, given = model.calculator(), (TEMPERATURE, steps, TIMESTEP, FRICTION, INTERVAL, limits)
    together = run_many(calculator, starts, *given)
    alone = [dynamics(calculator, start, *given, seed=k) for k, start in enumerate(starts)]
    return max(float(np.abs(a.positions - b.positions).max()) for a, b in zip(together, alone, strict=True))


def _ratios(seconds: Mapping[str, float]) -> dict[str, float]:
    return {
        "batch_over_before": seconds["before"] / seconds["batch"],
        "batch_over_one_by_one": seconds["one by one"] / seconds["batch"],
        "one_over_ase": seconds["one, ASE's loop"] / seconds["one, ours"],
    }


def _claims(name: str, of: Mapping[str, Any]) -> list[Claim]:
    most = 1e-8 if name != "mace" else 1e-2  # mace in single precision
    return [
        at_least(
            f"{name}: {N} trajectories as a batch against one after the other", of["batch_over_before"], 8.0
        ),
        at_least(f"{name}: one trajectory against ASE's loop", of["one_over_ase"], 1.0),
        at_most(f"{name}: batch against one by one after 100 steps", of["deviation_angstrom"], most, "Å"),
    ]


if __name__ == "__main__":
    main("--quick" in sys.argv)
