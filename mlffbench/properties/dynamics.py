"""Molecular dynamics by any potential, seeded, and ended where it stops being physical."""

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

from mlffbench.properties.limits import Limits, Watch
from mlffbench.system import progress
from mlffbench.system.timing import measure

__all__ = ["Trajectory", "dynamics"]

Row = tuple[np.ndarray, np.ndarray, float, float]  # positions, velocities, potential and kinetic energy


@dataclass(frozen=True)
class Trajectory:
    """What was seen every `interval` steps.

    Attributes
    ----------
    times : (n,) array, fs
    positions : (n, n_atoms, 3) array, Å; not wrapped into the cell
    velocities : (n, n_atoms, 3) array, Å/fs
    potential, kinetic : (n,) arrays, eV
    failure : str or None
        "broken bond", "lost atom", "collapse", "explosion", or "not finite"; None: it lived as long as it was
        followed.
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
        """Until the failure or the end, fs."""
        return float(self.times[-1])

    @property
    def drift(self) -> float:
        """Slope of the total energy, meV per atom and ps, by least squares: for NVE only."""
        return 1e6 * float(np.polyfit(self.times, self._total, 1)[0]) if len(self.times) > 1 else 0.0

    @property
    def fluctuation(self) -> float:
        """Standard deviation of the total energy about its line, meV per atom: for NVE only."""
        line = np.polyval(np.polyfit(self.times, self._total, 1), self.times)
        return 1e3 * float(np.std(self._total - line))

    @property
    def _total(self) -> np.ndarray:
        return (self.potential + self.kinetic) / self.positions.shape[1]


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
    """NVE by velocity Verlet, or NVT by Langevin dynamics (ASE) where `friction` is given.

    Velocities are drawn from Maxwell and Boltzmann's distribution at `temperature`, without total momentum,
    for molecules without angular momentum.

    Parameters
    ----------
    calculator : Calculator
        With forces.
    atoms : Atoms
        The start; its velocities are not used.
    temperature : float
        K.
    steps, timestep : int, float
        Of `timestep` fs.
    friction : float, optional
        1/fs.
    interval : int
        Steps between what is kept, and between looks at the limits.
    limits : Limits, optional
        Default: `Limits()`.
    seed : int
        Of velocities and thermostat.
    max_seconds : float, optional
        Wall time after which it is followed no longer: no failure.
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
            fixcm=False,  # to hold the centre of mass as ASE does does not sample the canonical distribution
        )  # fmt: skip
    marks = [*range(0, steps, interval), steps]
    with measure() as clock:
        rows, failure = _run(
            engine, moving, marks, Watch(atoms, limits or Limits(), temperature), max_seconds
        )
    positions, velocities, potential, kinetic = (np.array(column) for column in zip(*rows, strict=True))
    times = timestep * np.array(marks[: len(rows)], dtype=float)
    return Trajectory(times, positions, velocities, potential, kinetic, failure, clock.seconds)


def _thermalised(
    calculator: BaseCalculator, atoms: Atoms, temperature: float, rng: np.random.RandomState
) -> Atoms:
    """A copy with velocities."""
    moving = atoms.copy()
    moving.calc = _Direct(calculator) if isinstance(calculator, Calculator) else calculator
    MaxwellBoltzmannDistribution(moving, temperature_K=temperature, rng=rng)
    Stationary(moving)
    if not atoms.pbc.any():
        with np.errstate(divide="ignore", invalid="ignore"):  # a linear molecule has no third moment
            ZeroRotation(moving)
    return moving


def _run(
    engine: MolecularDynamics, moving: Atoms, marks: Sequence[int], watch: Watch, max_seconds: float | None
) -> tuple[list[Row], str | None]:
    """What was seen at the marks, up to the first complaint or the end of patience."""
    end = time.monotonic() + (math.inf if max_seconds is None else max_seconds)
    rows = [_row(moving)]
    for before, now in pairwise(marks):
        failure = _advance(engine, moving, now - before, watch)
        progress.report("md", now, marks[-1])
        if failure == "not finite":
            return rows, failure
        rows.append(_row(moving))
        if failure is not None:
            return rows, failure
        if time.monotonic() > end:
            break
    return rows, None


def _advance(engine: MolecularDynamics, moving: Atoms, steps: int, watch: Watch) -> str | None:
    """The complaint after some steps; an error of the calculator ends what was no longer physical."""
    try:
        engine.run(steps)
        return watch.complaint(moving)
    except (ValueError, ArithmeticError, RuntimeError):
        if watch.seen(moving) is None:
            raise
        return "not finite"


def _row(atoms: Atoms) -> Row:
    return (
        atoms.positions.copy(),
        atoms.get_velocities() * units.fs,
        float(atoms.get_potential_energy()),
        float(atoms.get_kinetic_energy()),
    )


class _Direct:
    """Asks a calculator once for every set of positions.

    ASE compares all that atoms have with a tolerance at every question, three questions a step: for a small
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
