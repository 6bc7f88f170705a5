"""Molecular dynamics by any potential, seeded, and ended where it stops being physical."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import BaseCalculator
from ase.data import covalent_radii
from ase.geometry import find_mic
from ase.md.langevin import Langevin
from ase.md.md import MolecularDynamics
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution, Stationary, ZeroRotation
from ase.md.verlet import VelocityVerlet
from ase.neighborlist import neighbor_list

from mlffbench import progress
from mlffbench.timing import measure

__all__ = ["Limits", "Trajectory", "dynamics"]

BONDED = 1.25  # times the sum of covalent radii
Row = tuple[np.ndarray, np.ndarray, float, float]  # positions, velocities, potential and kinetic energy


@dataclass(frozen=True)
class Limits:
    """What ends a trajectory: nothing the reference does may cross these.

    Attributes
    ----------
    stretched : float
        A bond of the start longer than this times its first length has broken; 0 does not look at bonds.
    closest : float
        Atoms nearer than this times the sum of their covalent radii have collapsed.
    hottest : float
        A kinetic temperature above this times that of the start (or the thermostat) has exploded.
    """

    stretched: float = 1.8
    closest: float = 0.4
    hottest: float = 8.0


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
        "broken bond", "collapse", "explosion", or "not finite"; None: the trajectory lived to its end.
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
            moving, timestep * units.fs, temperature_K=temperature, friction=friction / units.fs, rng=rng
        )
    marks = [*range(0, steps, interval), steps]
    with measure() as clock:
        rows, failure = _run(engine, moving, marks, _Watch(atoms, limits or Limits(), temperature))
    positions, velocities, potential, kinetic = (np.array(column) for column in zip(*rows, strict=True))
    times = timestep * np.array(marks[: len(rows)], dtype=float)
    return Trajectory(times, positions, velocities, potential, kinetic, failure, clock.seconds)


def _thermalised(
    calculator: BaseCalculator, atoms: Atoms, temperature: float, rng: np.random.RandomState
) -> Atoms:
    """A copy with velocities."""
    moving = atoms.copy()
    moving.calc = calculator
    MaxwellBoltzmannDistribution(moving, temperature_K=temperature, rng=rng)
    Stationary(moving)
    if not atoms.pbc.any():
        with np.errstate(divide="ignore", invalid="ignore"):  # a linear molecule has no third moment
            ZeroRotation(moving)
    return moving


def _run(
    engine: MolecularDynamics, moving: Atoms, marks: Sequence[int], watch: _Watch
) -> tuple[list[Row], str | None]:
    """What was seen at the marks, up to the first complaint."""
    rows = [_row(moving)]
    for before, now in pairwise(marks):
        engine.run(now - before)
        progress.report("md", now, marks[-1])
        failure = watch.complaint(moving)
        if failure == "not finite":
            return rows, failure
        rows.append(_row(moving))
        if failure is not None:
            return rows, failure
    return rows, None


def _row(atoms: Atoms) -> Row:
    return (
        atoms.positions.copy(),
        atoms.get_velocities() * units.fs,
        float(atoms.get_potential_energy()),
        float(atoms.get_kinetic_energy()),
    )


class _Watch:
    """Compares a structure with the one that a trajectory began with."""

    def __init__(self, start: Atoms, limits: Limits, temperature: float) -> None:
        self.limits, self.temperature = limits, temperature
        self.radii = covalent_radii[start.numbers]
        i, j, d = neighbor_list("ijd", start, BONDED * self.radii)
        self.bonds, self.lengths = (i[i < j], j[i < j]), d[i < j]

    def complaint(self, atoms: Atoms) -> str | None:
        """What is wrong, or None."""
        if not (np.isfinite(atoms.positions).all() and np.isfinite(atoms.get_forces()).all()):
            return "not finite"
        if atoms.get_temperature() > self.limits.hottest * self.temperature:
            return "explosion"
        if len(neighbor_list("i", atoms, self.limits.closest * self.radii)):
            return "collapse"
        if self.limits.stretched and (self._bond_lengths(atoms) > self.limits.stretched * self.lengths).any():
            return "broken bond"
        return None

    def _bond_lengths(self, atoms: Atoms) -> np.ndarray:
        first, second = self.bonds
        return find_mic(atoms.positions[second] - atoms.positions[first], atoms.cell, atoms.pbc)[1]
