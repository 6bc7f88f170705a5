"""Neighbours of many small frames at once, from the distances of all their pairs, on any device.

The images of atom j within the cutoff of atom i have cell shifts s with \\|Δ + s\\| < r_c/h in each periodic
direction (Δ = difference of the scaled coordinates, h = height of the cell). At most ⌈2 r_c/h⌉ integers lie
in this interval, one in a cell of two cutoffs: few candidates, and atoms may lie outside of the cell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from math import prod

import numpy as np
import torch

from mlffbench.descriptors.frame_arrays import FrameArrays

__all__ = ["Pairs", "all_pairs"]

CANDIDATES = {"cpu": 2**18, "cuda": 2**24}  # tried at a time: arrays of 2 or 128 MiB
BUCKET = 8  # frames whose numbers of atoms differ by less are padded to one

Pairs = tuple[torch.Tensor, torch.Tensor, torch.Tensor]  # source, target (p,) int64; shifts (p, 3) float64


LowestShift = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # of pairs, from their sources and targets


def all_pairs(arrays: FrameArrays, frames: np.ndarray, cutoff: float) -> Iterator[Pairs]:
    """Yield the pairs nearer than a cutoff, by source, target and shift, of some frames of similar size.

    Parameters
    ----------
    arrays : FrameArrays
        Of all frames, made for this cutoff.
    frames : (m,) int array
        Indices of the frames whose pairs are wanted.
    cutoff : float
        Å.
    """
    most = CANDIDATES["cpu" if arrays.positions.is_cpu else "cuda"]
    keys = np.column_stack([-(-arrays.sizes[frames] // BUCKET), arrays.images[frames]]).tolist()
    groups: dict[tuple[int, ...], list[int]] = {}
    for k, key in zip(frames.tolist(), keys, strict=True):
        groups.setdefault(tuple(key), []).append(k)
    for (bucket, *images), members in groups.items():
        step = max(1, most // (max(bucket, 1) ** 2 * BUCKET**2 * prod(images)))
        for first in range(0, len(members), step):
            yield _pairs(arrays, np.array(members[first : first + step]), tuple(images), cutoff)


def _pairs(arrays: FrameArrays, frames: np.ndarray, images: tuple[int, ...], cutoff: float) -> Pairs:
    """Pairs of frames that are padded to the largest with atoms at no place (NaN), nobody's neighbours."""
    sizes, device = arrays.sizes[frames], arrays.positions.device
    n, whole = int(sizes.max()), bool((sizes == sizes[0]).all())
    chosen = torch.as_tensor(frames, device=device)
    atoms = arrays.starts[chosen, None] + torch.arange(n, device=device)  # (m, n)
    positions = arrays.positions[atoms if whole else atoms.clamp(max=len(arrays.positions) - 1)]
    if not whole:
        inside = torch.arange(n, device=device) < arrays.lengths[chosen, None]
        positions = torch.where(inside[..., None], positions, torch.nan)
    vectors, lowest = _differences(positions), None
    if arrays.pbc[frames].any():
        cells, inverse, reach = (x[chosen] for x in (arrays.cells, arrays.inverse, arrays.reach))
        scaled = positions @ inverse
        place = lambda atom: scaled.flatten(0, 1).index_select(0, atom)
        vectors.baddbmm_(cells.mT, _lowest(_differences(scaled), reach[:, :, None]))
        lowest = lambda i, j: _lowest(place(j).sub_(place(i)), reach.index_select(0, i // n))
    steps, middle = _steps(images, device)
    squares = _squared_distances(vectors, steps @ arrays.cells[chosen]).view(len(frames), n, n, -1)
    squares.diagonal(dim1=1, dim2=2)[:, middle] = torch.inf
    return _selected(torch.nonzero((squares < cutoff**2).flatten())[:, 0], atoms, lowest, steps)


@cache
def _steps(images: tuple[int, ...], device: torch.device) -> tuple[torch.Tensor, int]:
    """Cell shifts to try above the lowest, (k, 3), and the place of an atom itself among its images."""
    ranges = (torch.arange(float(k), dtype=torch.float64, device=device) for k in images)
    middle = np.ravel_multi_index([(k - 1) // 2 for k in images], images)
    return torch.cartesian_prod(*ranges), int(middle)


def _lowest(scaled: torch.Tensor, reach: torch.Tensor) -> torch.Tensor:
    """Lowest cell shift that brings a target, at a scaled vector from its source, into reach."""
    return (scaled + reach).neg_().ceil_()


def _differences(values: torch.Tensor) -> torch.Tensor:
    """Value of target j minus that of source i, (m, n, 3) to (m, 3, ij)."""
    columns = values.mT.contiguous()
    return (columns[:, :, None, :] - columns[:, :, :, None]).flatten(2)


def _squared_distances(vectors: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
    """|v + o|² of vectors (m, 3, ij) and offsets (m, k, 3), (m, ij, k)."""
    if offsets.shape[1] == 1:
        return vectors.square_().sum(dim=1)
    x, y, z = (vectors[:, c, :, None] + offsets[:, None, :, c] for c in range(3))
    return x.square_().addcmul_(y, y).addcmul_(z, z)


def _selected(
    which: torch.Tensor,
    atoms: torch.Tensor,
    lowest: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None,
    steps: torch.Tensor,
) -> Pairs:
    """Pairs by their numbers among all candidates (m, i, j, k)."""
    n, k = atoms.shape[1], len(steps)
    pair = which if k == 1 else which // k
    row = pair // n  # of the source
    column = row.div(n, rounding_mode="floor").mul_(n).add_(pair - row * n)  # of the target
    source, target = (atoms.flatten().index_select(0, place) for place in (row, column))
    if lowest is None:
        return source, target, torch.zeros((len(which), 3), dtype=steps.dtype, device=steps.device)
    return source, target, lowest(row, column) + steps.index_select(0, which - pair * k)
