"""Frames of Langevin dynamics at one temperature.

The centre of mass diffuses as the canonical distribution requires, and is shifted back in the frames: to the
origin for a molecule, to its first position for a periodic structure without constraints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, get_args

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import BaseCalculator
from ase.md.langevin import Langevin

from mlffbench.labelling.samplers.common.frames import bare_frame, frame_count, required_calculator
from mlffbench.properties.bonds import bonds, fragments
from mlffbench.properties.relaxation import relaxed
from mlffbench.system import progress
from mlffbench.system.ranges import Count, NonNegative, Positive

__all__ = ["md"]

TOO_HOT = (10.0, 3000.0)  # factor on the temperature, plus K: far beyond the heat of any reaction
STRETCHED = 1.6  # factor on the covalent radii: a C-C of 2.4 Å, an O-H of 1.55 Å is broken
CHECKED_EVERY = 20  # steps

Keep = Literal["whole", "bonds", "anything"]


def md(
    atoms: Atoms,
    calculator: BaseCalculator | None,
    seed: int,
    temperature: NonNegative,
    n_frames: Count,
    spacing: Positive = 100.0,
    timestep: Positive = 0.5,
    equilibration: NonNegative = 1000.0,
    friction: NonNegative = 0.01,
    relax: bool = False,
    fmax: Positive = 0.001,
    keep: Keep = "whole",
) -> list[Atoms]:
    """Sample a Langevin trajectory that starts with Maxwell–Boltzmann velocities.

    Columns: ``temperature`` (K), ``time`` (fs, equilibration counted), ``trajectory``.

    Parameters
    ----------
    atoms : Atoms
        Start; its constraints hold.
    calculator : Calculator
        Calculator with forces.
    seed : int
        Seed of velocities and thermostat.
    temperature : float
        Temperature, K.
    n_frames : int
        Number of frames.
    spacing, timestep : float
        Time between frames, and integration step, fs.
    equilibration : float
        Time before the first spacing, fs, not sampled.
    friction : float
        Friction of the thermostat, 1/fs.
    relax, fmax : bool, float
        Start from the nearest minimum; the largest force left there, eV/Å.
    keep : {"whole", "bonds", "anything"}
        Stop when a molecule breaks into more fragments than it had (a proton may hop), when a bond breaks, or
        never.

    Raises
    ------
    ValueError
        There is no calculator, a number is out of range, or the relaxation does not converge.
    FloatingPointError
        The temperature explodes, or the molecule or a bond breaks against `keep`.
    """
    if min(temperature, spacing, timestep, friction) <= 0 or equilibration < 0:
        raise ValueError("md takes a positive temperature, spacing, timestep and friction, equilibration ≥ 0")
    if keep not in get_args(Keep):
        raise ValueError(f"md keeps one of {get_args(Keep)}; keep={keep!r} was given")
    moving = _start(atoms, required_calculator(calculator, "md"), fmax if relax else None)
    dynamics = _langevin(moving, np.random.default_rng(seed), temperature, timestep, friction)
    dynamics.attach(_stability_check(moving, temperature, keep), interval=CHECKED_EVERY)
    steps = round(equilibration / timestep), round(spacing / timestep)
    name = f"{temperature:g} K, seed {seed}"
    run = _run(dynamics, moving, *steps, frame_count(n_frames, "md"), timestep)
    return [bare_frame(a, temperature=temperature, time=time, trajectory=name) for a, time in run]


def _run(
    dynamics: Langevin, moving: Atoms, equilibration: int, spacing: int, n_frames: int, timestep: float
) -> Iterator[tuple[Atoms, float]]:
    """Copies of the moving atoms every `spacing` steps, and their times, fs."""
    home = moving.get_center_of_mass()
    dynamics.run(equilibration)
    for i in range(n_frames):
        dynamics.run(spacing)
        yield _without_drift(moving, home), (equilibration + (i + 1) * spacing) * timestep
        progress.report("md", i + 1, n_frames, temperature=moving.get_temperature())


def _start(atoms: Atoms, calculator: BaseCalculator, fmax: float | None) -> Atoms:
    """Copy with the calculator, relaxed to `fmax` if that is given."""
    if fmax is not None:
        return relaxed(calculator, atoms, fmax=fmax)
    moving = atoms.copy()
    moving.calc = calculator
    return moving


def _langevin(
    atoms: Atoms, rng: np.random.Generator, temperature: float, timestep: float, friction: float
) -> Langevin:
    """Langevin integrator, with momenta set to p = √(m k T) ξ."""
    width = np.sqrt(atoms.get_masses() * units.kB * temperature)
    atoms.set_momenta(rng.standard_normal((len(atoms), 3)) * width[:, None])
    # without fixcm: ASE's way of holding the centre of mass does not sample the canonical distribution
    return Langevin(
        atoms,
        timestep * units.fs,
        temperature_K=temperature,
        friction=friction / units.fs,
        rng=rng,
        fixcm=False,
    )


def _without_drift(atoms: Atoms, home: np.ndarray) -> Atoms:
    """Copy with the drift of the centre of mass removed."""
    frame = atoms.copy()
    if not atoms.pbc.any():
        frame.positions -= atoms.get_center_of_mass()
    elif not atoms.constraints:
        frame.positions -= atoms.get_center_of_mass() - home
    return frame


def _stability_check(atoms: Atoms, temperature: float, keep: Keep) -> Callable[[], None]:
    """Function that raises FloatingPointError when the trajectory is no longer physical."""
    limit = TOO_HOT[0] * temperature + TOO_HOT[1]
    start = bonds(atoms)
    n_fragments = fragments(start, len(atoms)).max()

    def check() -> None:
        reached = atoms.get_temperature()
        if not reached < limit:  # true for NaN, too
            raise FloatingPointError(
                f"md at {temperature:g} K reached {reached:.3g} K; shorten the timestep or relax the start"
            )
        if keep == "anything" or (keep == "whole" and atoms.pbc.any()):
            return
        intact = bonds(atoms, STRETCHED)
        if keep == "whole" and fragments(intact, len(atoms)).max() > n_fragments:
            raise FloatingPointError(
                f"md at {temperature:g} K: the molecule fell apart; go colder or set keep: anything"
            )
        if keep == "bonds" and (broken := {*map(tuple, start.tolist())} - {*map(tuple, intact.tolist())}):
            i, j = min(broken)
            raise FloatingPointError(
                f"md at {temperature:g} K: the bond {atoms.symbols[i]}{i}-{atoms.symbols[j]}{j} broke; "
                "lower the temperature or set keep: whole"
            )

    return check
