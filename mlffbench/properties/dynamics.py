"""Molecular dynamics with any potential: seeded, and stopped where it is no longer physical."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import BaseCalculator, Calculator, all_changes
from ase.md.langevin import Langevin
from ase.md.md import MolecularDynamics
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution, Stationary, ZeroRotation
from ase.md.verlet import VelocityVerlet

from mlffbench.properties._structures import takes_any_structure
from mlffbench.properties.limits import Limits, Watch
from mlffbench.system import progress
from mlffbench.system.timing import measure

__all__ = ["Trajectory", "dynamics"]

Sample = tuple[np.ndarray, np.ndarray, float, float]  # positions, velocities, potential and kinetic energy


@dataclass(frozen=True)
class Trajectory:
    """Positions, velocities and energies sampled every `interval` steps.

    Attributes
    ----------
    times : (n,) array, fs
    positions : (n, n_atoms, 3) array, Å; not wrapped into the cell
    velocities : (n, n_atoms, 3) array, Å/fs
    potential, kinetic : (n,) arrays, eV
    failure : str or None
        "broken bond", "lost atom", "collapse", "explosion", or "not finite"; None if the trajectory stayed
        stable.
    seconds : float
        Wall time.
    """

    times: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray
    potential: np.ndarray
    kinetic: np.ndarray
    failure: str | None
    seconds: float

    @property
    def lifetime(self) -> float:
        """Time until the failure or the end, fs."""
        return float(self.times[-1])

    @property
    def drift(self) -> float:
        """Slope of the total energy by least squares, meV per atom and ps: for NVE only."""
        return 1e6 * float(np.polyfit(self.times, self._total, 1)[0]) if len(self.times) > 1 else 0.0

    @property
    def fluctuation(self) -> float:
        """Standard deviation of the total energy about its linear drift, meV per atom: for NVE only."""
        line = np.polyval(np.polyfit(self.times, self._total, 1), self.times)
        return 1e3 * float(np.std(self._total - line))

    @property
    def _total(self) -> np.ndarray:
        """Total energy, eV per atom."""
        return (self.potential + self.kinetic) / self.positions.shape[1]


@takes_any_structure
def dynamics(
    calculator: BaseCalculator,
    atoms: Atoms,
    temperature: float,
    steps: int,
    timestep: float = 0.5,
    friction: float | None = None,
    interval: int = 10,
    limits: Limits | None = None,
    seed: int = 0,
    max_seconds: float | None = None,
) -> Trajectory:
    """Run NVE by velocity Verlet, or NVT by Langevin dynamics (ASE) where `friction` is given.

    Velocities are drawn from the Maxwell–Boltzmann distribution at `temperature`, without total momentum and,
    for molecules, without angular momentum. A single atom begins at rest.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    atoms : Atoms
        Start; its velocities are not used.
    temperature : float
        Temperature of the first velocities and of the thermostat, K.
    steps, timestep : int, float
        Number of steps, and their length in fs.
    friction : float, optional
        Friction of the Langevin thermostat, 1/fs.
    interval : int
        Steps between samples, and between checks of the stability criteria.
    limits : Limits, optional
        Stability criteria; by default `Limits()`.
    seed : int
        Seed of velocities and thermostat.
    max_seconds : float, optional
        Wall time after which the trajectory is no longer followed; that is no failure.
    """
    if not (timestep > 0 and steps >= 1 and interval >= 1):
        raise ValueError(
            f"timestep, steps and interval must be positive; got {timestep}, {steps} and {interval}"
        )
    rng = np.random.RandomState(seed)
    moving = _thermalised(calculator, atoms, temperature, rng)
    if friction is None:
        engine = VelocityVerlet(moving, timestep * units.fs)
    else:
        engine = Langevin(
            moving, timestep * units.fs, temperature_K=temperature, friction=friction / units.fs, rng=rng,
            fixcm=False,  # ASE's way of holding the centre of mass does not sample the canonical distribution
        )  # fmt: skip
    sampled_steps = [*range(0, steps, interval), steps]
    watch = Watch(atoms, limits or Limits(), temperature)
    with measure() as clock:
        samples, failure = _run(engine, moving, sampled_steps, watch, max_seconds)
    positions, velocities, potential, kinetic = (np.array(column) for column in zip(*samples, strict=True))
    times = timestep * np.array(sampled_steps[: len(samples)], dtype=float)
    return Trajectory(times, positions, velocities, potential, kinetic, failure, clock.seconds)


def _thermalised(
    calculator: BaseCalculator, atoms: Atoms, temperature: float, rng: np.random.RandomState
) -> Atoms:
    """Copy with Maxwell–Boltzmann velocities."""
    moving = atoms.copy()
    moving.calc = _UncheckedCalculator(calculator) if isinstance(calculator, Calculator) else calculator
    MaxwellBoltzmannDistribution(moving, temperature_K=temperature, rng=rng)
    if len(moving) == 1:
        moving.set_momenta(np.zeros((1, 3)))  # without total momentum, which Stationary divides by zero
        return moving
    Stationary(moving)
    if not atoms.pbc.any():
        with np.errstate(divide="ignore", invalid="ignore"):  # a linear molecule has no third moment
            ZeroRotation(moving)
    return moving


def _run(
    engine: MolecularDynamics,
    moving: Atoms,
    sampled_steps: Sequence[int],
    watch: Watch,
    max_seconds: float | None,
) -> tuple[list[Sample], str | None]:
    """Samples up to the first failure or the limit of wall time, and the failure."""
    deadline = time.monotonic() + (math.inf if max_seconds is None else max_seconds)
    samples = [_sample(moving)]
    for before, now in pairwise(sampled_steps):
        failure = _advance(engine, moving, now - before, watch)
        progress.report("md", now, sampled_steps[-1])
        if failure == "not finite":
            return samples, failure
        samples.append(_sample(moving))
        if failure is not None:
            return samples, failure
        if time.monotonic() > deadline:
            break
    return samples, None


def _advance(engine: MolecularDynamics, moving: Atoms, steps: int, watch: Watch) -> str | None:
    """Run some steps and return the failure, if any.

    A calculator's error counts as "not finite" where the structure was no longer physical, else it is raised.
    """
    try:
        engine.run(steps)
        return watch.failure(moving)
    except (ValueError, ArithmeticError, RuntimeError):
        if watch.failure_of_motion(moving) is None:
            raise
        return "not finite"


def _sample(atoms: Atoms) -> Sample:
    return (
        atoms.positions.copy(),
        atoms.get_velocities() * units.fs,
        float(atoms.get_potential_energy()),
        float(atoms.get_kinetic_energy()),
    )


class _UncheckedCalculator:
    """Calculator that is called once for each set of positions, without ASE's comparison of all properties.

    ASE compares every array of the atoms with a tolerance at every call, three calls a step: for a small
    molecule that took four times as long as the rest of the step.
    """

    def __init__(self, calculator: Calculator) -> None:
        self.calculator = calculator
        self.positions: np.ndarray | None = None

    def get_forces(self, atoms: Atoms) -> np.ndarray:
        return np.array(self._results(atoms)["forces"], dtype=float)

    def get_potential_energy(self, atoms: Atoms, force_consistent: bool = False) -> float:
        return self._results(atoms)["energy"]

    def _results(self, atoms: Atoms) -> dict[str, Any]:
        if self.positions is None or not np.array_equal(self.positions, atoms.positions):
            changes = all_changes if self.positions is None else ["positions"]
            self.positions = None
            self.calculator.results = {}
            self.calculator.calculate(atoms, ["energy", "forces"], changes)
            self.positions = atoms.positions.copy()
        return self.calculator.results
