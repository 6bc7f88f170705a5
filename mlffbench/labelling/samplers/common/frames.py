"""What samplers hand over: bare structures with facts about them, a molecule centred."""

from __future__ import annotations

from typing import Any

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.data import bare

__all__ = ["centred", "count", "needed", "sampled"]

# what samplers say of a frame; everything else in `info` may be a label of another structure
FACTS = ("temperature", "time", "trajectory", "coordinate", "strain", "stdev", "volume_ratio", "vacancy")
KEPT = ("initial_magmoms", "initial_charges", "masses")  # what a calculator or a mass-weighted sampler needs


def sampled(atoms: Atoms, **facts: float | str) -> Atoms:
    """A copy without calculator, constraints and velocities; `info` is the known facts and the new ones."""
    frame = bare(atoms)
    for name in KEPT:
        if name in atoms.arrays:
            frame.set_array(name, atoms.arrays[name])
    frame.info = {k: v for k, v in atoms.info.items() if k in FACTS} | facts
    return frame


def centred(atoms: Atoms) -> Atoms:
    """A copy with a molecule's centre of mass at the origin; a periodic structure stays where it is."""
    frame = atoms.copy()
    if not atoms.pbc.any():
        frame.positions -= atoms.get_center_of_mass()
    return frame


def needed(calculator: Any, sampler: str) -> BaseCalculator:
    """The calculator, or a sentence.

    Raises
    ------
    ValueError
        There is none.
    """
    if calculator is None:
        raise ValueError(f"{sampler} needs a calculator to sample with: tblite, emt, stillinger_weber ...")
    return calculator


def count(n_frames: int, sampler: str, least: int = 1) -> int:
    """The number of frames asked for, or a sentence.

    Raises
    ------
    ValueError
        Fewer than `least`, or not a whole number.
    """
    if n_frames != int(n_frames) or n_frames < least:
        raise ValueError(f"{sampler} makes {least} frames or more; n_frames={n_frames!r} was given")
    return int(n_frames)
