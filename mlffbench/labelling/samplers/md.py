"""Thermal motion: Langevin dynamics at one temperature.

The centre of mass diffuses with the rest, as the canonical distribution wants it, and is put back in the
frames: to the origin in a molecule, to where it began in a periodic structure without constraints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, get_args

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import BaseCalculator
from ase.md.langevin import Langevin

from mlffbench.labelling.samplers.common.frames import count, needed, sampled
from mlffbench.properties.bonds import bonds, fragments
from mlffbench.properties.relaxation import relaxed
from mlffbench.system import progress

__all__ = ["md"]

TOO_HOT = (10.0, 3000.0)  # times the temperature, plus K: far beyond what heat released by a reaction gives
STRETCHED = 1.6  # times the covalent radii: a C-C of 2.4 Å, an O-H of 1.55 Å is broken
CHECKED_EVERY = 20  # steps

Keep = Literal["whole", "bonds", "anything"]


def md(
    atoms: Atoms,
    calculator: BaseCalculator | None,
    seed: int,
    temperature: float,
    n_frames: int,
    spacing: float = 100.0,
    timestep: float = 0.5,
    equilibration: float = 1000.0,
    friction: float = 0.01,
    relax: bool = False,
    fmax: float = 0.001,
    keep: Keep = "whole",
) -> list[Atoms]:
    """Frames of a Langevin trajectory that starts with Maxwell–Boltzmann velocities.

    Columns: ``temperature`` (K), ``time`` (fs, equilibration counted), ``trajectory``.

    Parameters
    ----------
    atoms : Atoms
        Its constraints hold.
    calculator : Calculator
    seed : int
        Of velocities and thermostat.
    temperature : float
        K.
    n_frames : int
    spacing : float
        Time between frames, fs.
    timestep : float
        fs.
    equilibration : float
        Time before the first spacing, fs, not sampled.
    friction : float
        1/fs.
    relax, fmax : bool, float
        Start from the nearest minimum; the largest force left there, eV/Å.
    keep : {"whole", "bonds", "anything"}
        Stop when a molecule falls into more pieces than it had (a proton may hop), a bond breaks, or never.

    Raises
    ------
    ValueError
        No calculator, a number out of range, or the relaxation does not arrive.
    FloatingPointError
        The temperature explodes, or what to keep breaks.
    """
    if min(temperature, spacing, timestep, friction) <= 0 or equilibration < 0:
        raise ValueError("md takes a positive temperature, spacing, timestep and friction, equilibration ≥ 0")
    if keep not in get_args(Keep):
        raise ValueError(f"md keeps one of {get_args(Keep)}; keep={keep!r} was given")
    moving = _start(atoms, needed(calculator, "md"), fmax if relax else None)
    dynamics = _langevin(moving, np.random.default_rng(seed), temperature, timestep, friction)
    dynamics.attach(_watch(moving, temperature, keep), interval=CHECKED_EVERY)
    steps = round(equilibration / timestep), round(spacing / timestep)
    name = f"{temperature:g} K, seed {seed}"
    run = _run(dynamics, moving, *steps, count(n_frames, "md"), timestep)
    return [sampled(a, temperature=temperature, time=time, trajectory=name) for a, time in run]


def _run(
    dynamics: Langevin, moving: Atoms, equilibration: int, spacing: int, n_frames: int, timestep: float
) -> Iterator[tuple[Atoms, float]]:
    """Copies of the moving atoms, every so many steps, and their time (fs)."""
    home = moving.get_center_of_mass()
    dynamics.run(equilibration)
    for i in range(n_frames):
        dynamics.run(spacing)
        yield _brought_back(moving, home), (equilibration + (i + 1) * spacing) * timestep
        progress.report("md", i + 1, n_frames, temperature=moving.get_temperature())


def _start(atoms: Atoms, calculator: BaseCalculator, fmax: float | None) -> Atoms:
    if fmax is not None:
        return relaxed(calculator, atoms, fmax=fmax)
    moving = atoms.copy()
    moving.calc = calculator
    return moving


def _langevin(
    atoms: Atoms, rng: np.random.Generator, temperature: float, timestep: float, friction: float
) -> Langevin:
    """The integrator, with p = √(m k T) ξ set."""
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


def _brought_back(atoms: Atoms, home: np.ndarray) -> Atoms:
    """A copy with the drift of the centre of mass removed."""
    frame = atoms.copy()
    if not atoms.pbc.any():
        frame.positions -= atoms.get_center_of_mass()
    elif not atoms.constraints:
        frame.positions -= atoms.get_center_of_mass() - home
    return frame


def _watch(atoms: Atoms, temperature: float, keep: Keep) -> Callable[[], None]:
    """A function that raises when the run is no longer worth going on."""
    limit = TOO_HOT[0] * temperature + TOO_HOT[1]
    start = bonds(atoms)
    n_pieces = fragments(start, len(atoms)).max()

    def look() -> None:
        hot = atoms.get_temperature()
        if not hot < limit:  # also when it is not a number
            raise FloatingPointError(
                f"md at {temperature:g} K reached {hot:.3g} K; shorten the timestep or relax the start"
            )
        if keep == "anything" or (keep == "whole" and atoms.pbc.any()):
            return
        near = bonds(atoms, STRETCHED)
        if keep == "whole" and fragments(near, len(atoms)).max() > n_pieces:
            raise FloatingPointError(
                f"md at {temperature:g} K: the molecule fell apart; go colder or set keep: anything"
            )
        if keep == "bonds" and (broken := {*map(tuple, start.tolist())} - {*map(tuple, near.tolist())}):
            i, j = min(broken)
            raise FloatingPointError(
                f"md at {temperature:g} K: the bond {atoms.symbols[i]}{i}-{atoms.symbols[j]}{j} broke; "
                "lower the temperature or set keep: whole"
            )

    return look
