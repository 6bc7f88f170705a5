"""A supercell without one of its atoms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.labelling.samplers.common.frames import count, sampled

__all__ = ["vacancy"]


def vacancy(
    atoms: Atoms,
    calculator: BaseCalculator | None,
    seed: int,
    repeat: Sequence[int] = (1, 1, 1),
    index: int | None = None,
    n_frames: int = 1,
) -> list[Atoms]:
    """The repeated cell with one atom removed; the column ``vacancy`` is the index of that atom.

    Unrelaxed: pipe into ``relax``, ``rattle`` or ``md`` for what happens around it.

    Parameters
    ----------
    atoms : Atoms
        Periodic.
    calculator : None
        Not used.
    seed : int
        Of the random sites.
    repeat : three ints
        Copies of the cell along its vectors.
    index : int, optional
        The atom of the repeated cell to remove; by default `n_frames` different ones drawn at random.
    n_frames : int

    Raises
    ------
    ValueError
        Not periodic, more frames than sites, or no such site.
    """
    if not atoms.pbc.any():
        raise ValueError("vacancy needs a periodic structure")
    crystal = sampled(atoms).repeat(tuple(repeat))
    sites = list(range(len(crystal))) if index is None else [index]
    if not 0 <= sites[-1] < len(crystal) or count(n_frames, "vacancy") > len(sites):
        raise ValueError(
            f"the cell has {len(crystal)} sites, 0 to {len(crystal) - 1}; "
            f"index={index!r} and n_frames={n_frames!r} were given"
        )
    picks = np.random.default_rng(seed).permutation(sites)[:n_frames]
    frames = [sampled(crystal, vacancy=int(site)) for site in picks]
    for frame, site in zip(frames, picks, strict=True):
        del frame[int(site)]
    return frames
