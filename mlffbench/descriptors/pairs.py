"""Neighbours of many frames: all pairs of small frames together, cell lists of large ones one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from ase import Atoms

from mlffbench.descriptors.all_pairs import Pairs, all_pairs
from mlffbench.descriptors.cell_list import cell_list
from mlffbench.descriptors.frame_arrays import FrameArrays
from mlffbench.descriptors.neighbours import neighbour_list

__all__ = ["pairs"]

SMALL = {"cpu": 200, "cuda": 4000}  # candidates an atom that cost less than a cell list


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
        Atoms, numbered through all frames; in order of the source, and of small frames of target and shift.
    shifts : (p, 3) float64 tensor
        Cell vectors between the target and its image.
    """
    candidates = arrays.sizes * arrays.images.prod(axis=1)
    small = candidates <= SMALL["cpu" if arrays.positions.is_cpu else "cuda"]
    parts = [*all_pairs(arrays, np.flatnonzero(small), cutoff)]
    parts += [_large(frames[k], k, arrays, cutoff) for k in np.flatnonzero(~small).tolist()]
    if len(parts) == 1:
        return parts[0]
    source, target, shifts = (torch.cat(part) for part in zip(*parts, strict=True))
    if bool((source[1:] >= source[:-1]).all()):
        return source, target, shifts
    order = torch.argsort(source, stable=True)
    return source[order], target[order], shifts[order]


def _large(atoms: Atoms, k: int, arrays: FrameArrays, cutoff: float) -> Pairs:
    """Pairs of frame k: by matscipy on the CPU, on its device elsewhere."""
    first = int(arrays.sizes[:k].sum())
    if arrays.positions.is_cpu:
        i, j, s = (torch.from_numpy(values) for values in neighbour_list("ijS", atoms, cutoff))
        return i.long().add_(first), j.long().add_(first), s.double()
    positions = arrays.positions[first : first + len(atoms)]
    i, j, shifts = cell_list(positions, atoms.cell.array, atoms.pbc, cutoff)
    return i.add_(first), j.add_(first), shifts
