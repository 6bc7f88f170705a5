"""Molecular dynamics with any potential: seeded, and stopped where it is no longer physical."""

from __future__ import annotations

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import takes_any_structure
from mlffbench.properties._trajectory import Trajectory
from mlffbench.properties.bulk_dynamics import run_many
from mlffbench.properties.limits import Limits

__all__ = ["Trajectory", "dynamics"]


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
    """Run NVE by velocity Verlet, or NVT by Langevin dynamics where `friction` is given.

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
    (trajectory,) = run_many(
        calculator, [atoms], temperature, steps, timestep, friction, interval, limits, [seed], max_seconds
    )
    if trajectory.error is not None:
        raise trajectory.error
    return trajectory
