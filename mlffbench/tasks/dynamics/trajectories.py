"""Trajectories as checkpointed records: failure, lifetime, cost, and the observables of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.data import Missing
from mlffbench.properties.bulk_dynamics import batch_size
from mlffbench.properties.diffusion import diffusion
from mlffbench.properties.distributions import distributions
from mlffbench.properties.dynamics import Trajectory
from mlffbench.properties.spectra import spectrum
from mlffbench.system import progress
from mlffbench.system.failures import catch_failure
from mlffbench.tasks.common.subtasks import Row, checkpointed
from mlffbench.tasks.dynamics.protocol import Protocol, Start

__all__ = ["Record", "nve_record", "records", "seconds_alone"]

WARM_UP, TIMED = 5, 50  # steps of one trajectory alone
Record = Mapping[str, Any]  # of one trajectory, plain JSON


def nve_record(
    name: str, calculator: Callable[[], BaseCalculator], protocol: Protocol, temperature: float,
    start: Start, steps: int,
) -> tuple[Record | None, list[Row]]:  # fmt: skip
    """Run a trajectory at constant energy; return the energy's drift and fluctuation, or a failure's row."""

    def follow() -> dict[str, Any]:
        trajectory = protocol.run_alone(calculator(), start, temperature, steps, nve=True)
        complete = trajectory.failure is None and len(trajectory.times) > 2
        return {
            "failure": trajectory.failure,
            "lifetime": trajectory.lifetime,
            "drift": trajectory.drift if complete else None,
            "fluctuation": trajectory.fluctuation if complete else None,
        }

    return checkpointed(name, follow)


def seconds_alone(
    name: str, calculator: Callable[[], BaseCalculator], protocol: Protocol, temperature: float, start: Start
) -> tuple[float | None, list[Row]]:
    """Wall time of a step of one trajectory alone, from its first steps; None if it dies at once."""

    def follow() -> float | None:
        model, n = calculator(), min(TIMED, protocol.steps)
        protocol.run_alone(model, start, temperature, min(WARM_UP, n))
        trajectory = protocol.run_alone(model, start, temperature, n)
        steps = trajectory.lifetime / protocol.timestep
        return trajectory.seconds / steps if steps else None

    return checkpointed(name, follow)


def records(
    name: str, calculator: Callable[[], BaseCalculator], protocol: Protocol, temperature: float,
    starts: Sequence[Start],
) -> tuple[list[Record], list[Row]]:  # fmt: skip
    """Run a trajectory from every start, a batch at a time; return records, and rows of those without one.

    A record names the number of its start. Finished batches have checkpoints, a file a trajectory; where one
    is missing, its batch runs again, with the same numbers.
    """
    made, unmade = catch_failure(calculator)
    if unmade is not None:
        return [], [Missing("", name, **unmade)]
    finished: list[Record] = []
    failures: list[Row] = []
    bonded = [*(start.atoms for start in starts), *protocol.bonded]
    for batch in _batches(batch_size(len(starts[0].atoms), made), len(starts)):
        progress.report(name, batch.start, len(starts))
        run = cache(lambda b=batch: protocol.run(calculator(), starts[b.start : b.stop], temperature))
        for k in batch:

            def follow(
                k: int = k, run: Callable[[], list[Trajectory]] = run, first: int = batch.start
            ) -> Any:
                return _record(run()[k - first], starts[k].atoms, bonded, protocol)

            record, failure = checkpointed(f"{name} {k}", follow)
            failures += failure
            finished += [] if failure else [{**record, "start": k}]
    return finished, failures


def _batches(size: int, n: int) -> list[range]:
    """Numbers of n trajectories in batches: a killed run loses one of these."""
    return [range(first, min(first + size, n)) for first in range(0, n, size)]


def _record(
    trajectory: Trajectory, start: Atoms, bonded: Sequence[Atoms], protocol: Protocol
) -> dict[str, Any]:
    """Observe the living part of a trajectory after the equilibration; raise the error that ended it."""
    if trajectory.error is not None:
        raise trajectory.error
    times, failure = trajectory.times, trajectory.failure
    alive = times >= protocol.settings.equilibration * protocol.length
    alive &= (failure is None) | (times < trajectory.lifetime)
    living = replace(
        trajectory, times=times[alive], positions=trajectory.positions[alive],
        velocities=trajectory.velocities[alive],
    )  # fmt: skip
    return {
        "failure": failure,
        "lifetime": trajectory.lifetime,
        "seconds": trajectory.seconds,
        "distributions": _distributions(living, start, bonded, protocol.settings.frames),
        "spectrum": _spectrum(living, start.get_masses()),
        "diffusion": _diffusion(living, start),
    }


def _distributions(living: Trajectory, start: Atoms, bonded: Sequence[Atoms], n: int) -> list[list[Any]]:
    """Distributions of distances, angles and torsions in n frames."""
    if not len(living.times):
        return []
    picks = np.unique(np.linspace(0, len(living.times) - 1, n).astype(int))
    frames = [start.copy() for _ in picks]
    for atoms, k in zip(frames, picks, strict=True):
        atoms.positions = living.positions[k]
    by_name = distributions(frames, like=bonded)
    return [[d.kind, d.elements, d.x.tolist(), d.y.tolist(), d.frames] for d in by_name.values()]


def _spectrum(living: Trajectory, masses: np.ndarray) -> list[list[float]] | None:
    """Vibrational spectrum; None for a trajectory that is too short for one."""
    try:
        density = spectrum(living, masses)
    except ValueError:
        return None
    return [density.frequencies.tolist(), density.density.tolist()]


def _diffusion(living: Trajectory, start: Atoms) -> float | None:
    """Diffusion coefficient of a periodic system, Å²/ps."""
    if not start.pbc.all() or not len(living.times):
        return None
    return diffusion(living.times, living.positions, start.get_masses()).coefficient
