"""Frames that samplers return: bare structures with facts about their origin, molecules centred."""

from __future__ import annotations

from typing import Any

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.data import bare

__all__ = ["bare_frame", "centred", "frame_count", "required_calculator"]

# facts that samplers write into `info`; anything else there may be a label of another structure
FACTS = ("temperature", "time", "trajectory", "coordinate", "strain", "stdev", "volume_ratio", "vacancy")
ARRAYS = ("initial_magmoms", "initial_charges", "masses")  # for calculators and mass-weighted samplers


def bare_frame(atoms: Atoms, **facts: float | str) -> Atoms:
    """Copy without calculator, constraints and velocities; `info` holds the old and the new facts."""
    frame = bare(atoms)
    for name in ARRAYS:
        if name in atoms.arrays:
            frame.set_array(name, atoms.arrays[name])
    frame.info = {k: v for k, v in atoms.info.items() if k in FACTS} | facts
    return frame


def centred(atoms: Atoms) -> Atoms:
    """Copy with a molecule's centre of mass at the origin; a periodic structure keeps its positions."""
    frame = atoms.copy()
    if not atoms.pbc.any():
        frame.positions -= atoms.get_center_of_mass()
    return frame


def required_calculator(calculator: Any, sampler: str) -> BaseCalculator:
    """Return the calculator, or raise where a sampler needs one and has none.

    Raises
    ------
    ValueError
        The calculator is None.
    """
    if calculator is None:
        raise ValueError(f"{sampler} needs a calculator to sample with: tblite, emt, stillinger_weber ...")
    return calculator


def frame_count(n_frames: int, sampler: str, least: int = 1) -> int:
    """Return the number of frames as an int, or raise where it is no valid number.

    Raises
    ------
    ValueError
        `n_frames` is smaller than `least` or not an integer.
    """
    if n_frames != int(n_frames) or n_frames < least:
        raise ValueError(f"{sampler} makes {least} frames or more; n_frames={n_frames!r} was given")
    return int(n_frames)
