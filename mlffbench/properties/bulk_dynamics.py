"""Many trajectories at once: all structures move together, and one evaluation a step gives all forces."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import BaseCalculator
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution, Stationary, ZeroRotation

from mlffbench.properties._ensemble import (
    Ensemble,
    Integrator,
    Langevin,
    VelocityVerlet,
    energy_of_constraints,
)
from mlffbench.properties._forces import ForceEvaluation, batches
from mlffbench.properties._structures import most_atoms, on_cuda, takes_any_structure
from mlffbench.properties._trajectory import Trajectory
from mlffbench.properties.limits import Limits, Watch, failures_of_motion
from mlffbench.system import progress

__all__ = ["batch_size", "run_many"]

MOST_ATOMS = 512  # that move together on a CPU: more are no faster
PHYSICAL = (ValueError, ArithmeticError, RuntimeError)  # errors that may come of an unphysical structure


@takes_any_structure
def run_many(
    calculator: BaseCalculator,
    starts: Sequence[Atoms],
    temperature: float,
    steps: int,
    timestep: float = 0.5,
    friction: float | None = None,
    interval: int = 10,
    limits: Limits | None = None,
    seeds: Sequence[int] | None = None,
    max_seconds: float | None = None,
) -> list[Trajectory]:
    """Run a trajectory from every start as `dynamics` does, all in one batch.

    Before each step all structures that are still followed are evaluated at once, by the calculator's
    ``calculate_many`` where it has one (`ForceFieldCalculator` does); with another calculator the
    trajectories run one after the other. One that fails leaves the batch, and the others go on. Equal seeds
    give the trajectories of `dynamics`, but for rounding in the evaluation of batches.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    starts : sequence of Atoms
        First structures, of any sizes; not changed, their velocities are not used, their constraints hold.
    temperature, steps, timestep, friction, interval, limits
        See `dynamics`.
    seeds : sequence of int, optional
        Seed of velocities and thermostat of each trajectory; by default 0, 1, 2 ...
    max_seconds : float, optional
        Wall time of a trajectory, after which it is no longer followed. The time of a batch is divided among
        its trajectories in proportion to their atoms, so n of them take n times as long at most.

    Returns
    -------
    list of Trajectory
        In the order of the starts. A trajectory whose evaluation raised an error though its structure was
        physical has it as `Trajectory.error`.
    """
    if not (timestep > 0 and steps >= 1 and interval >= 1):
        raise ValueError(
            f"timestep, steps and interval must be positive; got {timestep}, {steps} and {interval}"
        )
    seeds = range(len(starts)) if seeds is None else seeds
    limits = limits or Limits()
    runs = [_Run(start, temperature, limits, seed) for start, seed in zip(starts, seeds, strict=True)]
    integrator = _integrator(timestep, temperature, friction)
    sampled = [*range(0, steps, interval), steps]
    for together in [runs] if batches(calculator) else [[run] for run in runs]:
        _Batch(together, calculator, integrator).follow(sampled, max_seconds)
    return [run.trajectory(timestep * np.array(sampled, dtype=float)) for run in runs]


def batch_size(n_atoms: int, calculator: BaseCalculator) -> int:
    """Number of trajectories of n atoms after whose end a caller keeps what is finished.

    All that fill a GPU; on a CPU those that are as fast together as more of them; one without batches.
    """
    if not batches(calculator):
        return 1
    return max((most_atoms(calculator) if on_cuda(calculator) else MOST_ATOMS) // n_atoms, 1)


def _integrator(timestep: float, temperature: float, friction: float | None) -> Integrator:
    if friction is None:
        return VelocityVerlet(timestep * units.fs)
    return Langevin(timestep * units.fs, temperature, friction / units.fs)


class _Run:
    """One trajectory: structure, random numbers, samples, and the reason of its end."""

    def __init__(self, start: Atoms, temperature: float, limits: Limits, seed: int) -> None:
        self.rng = np.random.RandomState(seed)
        self.atoms = _thermalised(start, temperature, self.rng)
        self.watch = Watch(start, limits, temperature)
        self.samples: list[tuple[np.ndarray, np.ndarray, float, float]] = []
        self.seconds = 0.0
        self.failure: str | None = None
        self.error: Exception | None = None
        self.followed = True

    def end(self, failure: str | None = None, error: Exception | None = None) -> None:
        self.followed, self.failure, self.error = False, failure, error

    def judge(self, error: Exception) -> None:
        """End by an error: "not finite" where the structure was no longer physical, else as it is."""
        unphysical = isinstance(error, PHYSICAL) and self.samples and self.watch.failure_of_motion(self.atoms)
        self.end("not finite") if unphysical else self.end(error=error)

    def trajectory(self, times: np.ndarray) -> Trajectory:
        n = len(self.samples)
        empty = np.zeros((0, len(self.atoms), 3))
        columns: Iterable[Any] = zip(*self.samples, strict=True) if n else (empty, empty, [], [])
        positions, velocities, potential, kinetic = (np.array(column) for column in columns)
        return Trajectory(
            times[:n], positions, velocities, potential, kinetic, self.failure, self.seconds, self.error
        )


def _thermalised(start: Atoms, temperature: float, rng: np.random.RandomState) -> Atoms:
    """Copy with Maxwell–Boltzmann velocities."""
    moving = start.copy()
    MaxwellBoltzmannDistribution(moving, temperature_K=temperature, rng=rng)
    if len(moving) == 1:
        moving.set_momenta(np.zeros((1, 3)))  # without total momentum, which Stationary divides by zero
        return moving
    Stationary(moving)
    if not start.pbc.any():
        with np.errstate(divide="ignore", invalid="ignore"):  # a linear molecule has no third moment
            ZeroRotation(moving)
    return moving


class _Batch:
    """Trajectories that move together."""

    def __init__(self, runs: Sequence[_Run], calculator: BaseCalculator, integrator: Integrator) -> None:
        self.runs = list(runs)
        self.evaluation, self.integrator = ForceEvaluation(calculator), integrator
        self.ensemble = Ensemble([run.atoms for run in runs])

    def follow(self, sampled: Sequence[int], max_seconds: float | None) -> None:
        """Run up to the last of the sampled steps, or until no trajectory is followed."""
        with self._shared_clock():
            self.forces = self._evaluate()
            self._sample([True] * len(self.runs))
            self._leave()
        for before, now in pairwise(sampled):
            if not self.runs:
                return
            with self._shared_clock() as together:
                self._advance(now - before)
                if self.runs:
                    self._check()
            progress.report("md", now, sampled[-1])
            for run in together:
                run.followed &= max_seconds is None or run.seconds <= max_seconds
            self._leave()

    @contextmanager
    def _shared_clock(self) -> Iterator[list[_Run]]:
        """Divide the wall time among the trajectories in proportion to their atoms."""
        runs, start = list(self.runs), time.perf_counter()
        yield runs
        seconds = (time.perf_counter() - start) / max(sum(len(run.atoms) for run in runs), 1)
        for run in runs:
            run.seconds += seconds * len(run.atoms)

    def _advance(self, steps: int) -> None:
        """Take some steps; trajectories that end on the way leave at once."""
        states, sizes = [run.rng for run in self.runs], [len(run.atoms) for run in self.runs]
        random = self.integrator.random(states, sizes, steps)
        for k in range(steps):
            if self.runs:
                self.forces = self.integrator.step(self.ensemble, self.forces, random[k], self._evaluate)
                random = random[:, :, self._leave()]

    def _evaluate(self) -> np.ndarray:
        """Forces on all atoms; trajectories without finite ones end."""
        self.energies, forces, errors = self.evaluation(self.ensemble.frames)
        for k, error in errors.items():
            self.runs[k].judge(error)
        if not np.isfinite(forces).all():
            for run, part in zip(self.runs, self.ensemble.parts, strict=True):
                if run.followed and not np.isfinite(forces[part]).all():
                    run.end("not finite")
        return self.ensemble.constrain(forces)

    def _leave(self) -> np.ndarray | slice:
        """Drop the trajectories that ended; return which atoms stay."""
        if all(run.followed for run in self.runs):
            return slice(None)
        stay = np.concatenate([np.full(len(run.atoms), run.followed) for run in self.runs])
        self.energies = self.energies[[run.followed for run in self.runs]]
        self.forces = self.forces[stay]
        self.runs = [run for run in self.runs if run.followed]
        if self.runs:
            self.ensemble = Ensemble([run.atoms for run in self.runs])
        return stay

    def _check(self) -> None:
        """Check the stability criteria and sample; the sample of a failure is its trajectory's last."""
        frames = [run.atoms for run in self.runs]
        verdicts = failures_of_motion([run.watch for run in self.runs], frames)
        self._sample([verdict != "not finite" for verdict in verdicts])
        for run, verdict in zip(self.runs, verdicts, strict=True):
            if verdict is not None:
                run.end(verdict)

    def _sample(self, chosen: Sequence[bool]) -> None:
        """Append positions, velocities and energies of the chosen trajectories to their samples."""
        ensemble = self.ensemble
        positions = ensemble.positions.copy()
        velocities = ensemble.momenta / ensemble.masses * units.fs
        columns = (self.runs, ensemble.parts, self.energies, ensemble.kinetic, chosen)
        for run, part, potential, kinetic, choose in zip(*columns, strict=True):
            if choose and run.error is None:
                potential += energy_of_constraints(run.atoms)
                run.samples.append((positions[part], velocities[part], potential, kinetic))
