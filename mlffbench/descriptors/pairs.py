"""Neighbours of many frames: all pairs of small frames together, cell lists of large ones one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from ase import Atoms

from mlffbench.descriptors.all_pairs import Pairs, all_pairs
from mlffbench.descriptors.cell_list import cell_list
from mlffbench.descriptors.frame_arrays import FrameArrays
from mlffbench.descriptors.neighbours import neighbour_list

__all__ = ["pairs"]

SMALL = {"cpu": 400, "cuda": 4000}  # candidates an atom that cost less than a cell list


def pairs(frames: Sequence[Atoms], arrays: FrameArrays, cutoff: float) -> Pairs:
    """Directed pairs of atoms of the same frame nearer than a cutoff, periodic images included.

    Parameters
    ----------
    frames : sequence of Atoms
    arrays : FrameArrays
        Of these frames and this cutoff, on the device of the pairs.
    cutoff : float
        Å.

    Returns
    -------
    source, target : (p,) int64 tensors
        Atoms, numbered through all frames; in order of the source.
    shifts : (p, 3) float64 tensor
        Cell vectors between the target and its image.
    """
    candidates = arrays.sizes * arrays.images.prod(axis=1)
    small = candidates <= SMALL["cpu" if arrays.positions.is_cpu else "cuda"]
    parts = [*all_pairs(arrays, np.flatnonzero(small), cutoff)]
    parts += _large(frames, np.flatnonzero(~small), arrays, cutoff)
    source, target, shifts = (torch.cat(part) for part in zip(*parts, strict=True))
    if bool((source.diff() >= 0).all()):
        return source, target, shifts
    order = torch.argsort(source, stable=True)
    return source[order], target[order], shifts[order]


def _large(
    frames: Sequence[Atoms], picks: np.ndarray, arrays: FrameArrays, cutoff: float
) -> Iterator[Pairs]:
    starts = np.cumsum(arrays.sizes) - arrays.sizes
    for k in picks:
        if arrays.positions.is_cpu:
            i, j, s = neighbour_list("ijS", frames[k], cutoff)
            source, target, shifts = torch.from_numpy(i).long(), torch.from_numpy(j).long(), torch.from_numpy(s)
        else:
            here = arrays.positions[starts[k] : starts[k] + arrays.sizes[k]]
            source, target, shifts = cell_list(here, frames[k].cell.array, frames[k].pbc, cutoff)
        yield source + int(starts[k]), target + int(starts[k]), shifts.double()
