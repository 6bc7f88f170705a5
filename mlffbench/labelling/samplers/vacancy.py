"""A supercell without one of its atoms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.labelling.samplers.common.frames import bare_frame, frame_count
from mlffbench.system.ranges import Count

__all__ = ["vacancy"]


def vacancy(
    atoms: Atoms,
    calculator: BaseCalculator | None,
    seed: int,
    repeat: Sequence[int] = (1, 1, 1),
    index: int | None = None,
    n_frames: Count = 1,
) -> list[Atoms]:
    """Remove one atom of the repeated cell, without relaxation.

    Column: ``vacancy``, the index of the removed atom. Pipe the frames into ``relax``, ``rattle`` or ``md``
    to sample the surroundings of the vacancy.

    Parameters
    ----------
    atoms : Atoms
        Periodic structure.
    calculator : None
        Not used.
    seed : int
        Seed of the random sites.
    repeat : three ints
        Copies of the cell along its vectors.
    index : int, optional
        Atom of the repeated cell to remove; by default `n_frames` different ones drawn at random.
    n_frames : int
        Number of vacancies, each in a frame of its own.

    Raises
    ------
    ValueError
        The structure is not periodic, there are more frames than sites, or the site does not exist.
    """
    if not atoms.pbc.any():
        raise ValueError("vacancy needs a periodic structure")
    crystal = bare_frame(atoms).repeat(tuple(repeat))
    sites = list(range(len(crystal))) if index is None else [index]
    if not 0 <= sites[-1] < len(crystal) or frame_count(n_frames, "vacancy") > len(sites):
        raise ValueError(
            f"the cell has {len(crystal)} sites, 0 to {len(crystal) - 1}; "
            f"index={index!r} and n_frames={n_frames!r} were given"
        )
    removed = np.random.default_rng(seed).permutation(sites)[:n_frames]
    frames = [bare_frame(crystal, vacancy=int(site)) for site in removed]
    for frame, site in zip(frames, removed, strict=True):
        del frame[int(site)]
    return frames
