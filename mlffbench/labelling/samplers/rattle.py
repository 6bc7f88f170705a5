"""Gaussian displacements of every atom."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.descriptors.neighbours import neighbour_list
from mlffbench.labelling.samplers.common.frames import bare_frame, frame_count
from mlffbench.system import progress
from mlffbench.system.ranges import Count, NonNegative

__all__ = ["rattle"]


def rattle(
    atoms: Atoms,
    calculator: BaseCalculator | None,
    seed: int,
    stdev: NonNegative,
    n_frames: Count = 1,
    min_distance: NonNegative = 0.0,
    max_attempts: Count = 100,
) -> list[Atoms]:
    """Displace every coordinate by a normal deviate, x′ = x + σ ξ.

    Parameters
    ----------
    atoms : Atoms
    calculator : None
        Not used.
    seed : int
        Seed of the displacements.
    stdev : float
        Standard deviation σ of a Cartesian coordinate, Å.
    n_frames : int
        Number of frames.
    min_distance : float
        Draw a frame again when two atoms come closer than this, Å; 0 takes every draw.
    max_attempts : int
        Largest number of draws for a frame.

    Raises
    ------
    ValueError
        A number is out of range, or no draw keeps the atoms `min_distance` apart.
    """
    if stdev <= 0:
        raise ValueError(f"rattle displaces by stdev > 0 Å; stdev={stdev!r} was given")
    rng, frames = np.random.default_rng(seed), []
    for i in range(frame_count(n_frames, "rattle")):
        frames.append(_rattled(atoms, rng, stdev, min_distance, max_attempts))
        progress.report("rattle", i + 1, n_frames)
    return frames


def _rattled(
    atoms: Atoms, rng: np.random.Generator, stdev: float, min_distance: float, max_attempts: int
) -> Atoms:
    """One displaced frame, drawn again until no two atoms are too close."""
    for _ in range(max_attempts):
        frame = bare_frame(atoms, stdev=stdev)
        frame.positions += rng.normal(scale=stdev, size=(len(atoms), 3))
        if not len(neighbour_list("i", frame, min_distance)[0]):
            return frame
    raise ValueError(
        f"no rattle of {stdev:g} Å kept the atoms {min_distance:g} Å apart in {max_attempts} draws; "
        "lower stdev or min_distance"
    )
