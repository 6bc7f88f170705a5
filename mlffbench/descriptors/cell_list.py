"""Neighbours of one large frame from a cell list of torch operations: on a GPU, where matscipy's is not."""

from __future__ import annotations

import numpy as np
import torch
from ase.cell import Cell

__all__ = ["cell_list"]

ATOMS = 2**14  # whose neighbours are listed at a time
MOST_BINS = 2**20  # along a direction, so that a bin's number fits 63 bits


def cell_list(
    positions: torch.Tensor, cell: np.ndarray, pbc: np.ndarray, cutoff: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Directed pairs of atoms nearer than a cutoff, periodic images included, sorted by source.

    Atoms are sorted by bins at least a cutoff wide; empty bins take no memory.

    Parameters
    ----------
    positions : (n, 3) float64 tensor
        Å; atoms may lie outside of the cell.
    cell : (3, 3) array
        Å; vectors of directions that are not periodic are ignored.
    pbc : (3,) bool array
    cutoff : float
        Å.

    Returns
    -------
    source, target : (p,) int64 tensors
    shifts : (p, 3) float64 tensor, cell vectors between the target and its image
    """
    bins = _Bins(positions, cell, pbc, cutoff)
    parts = [bins.pairs(first) for first in range(0, len(positions), ATOMS)]
    source, target, shifts = (torch.cat(part) for part in zip(*parts, strict=True))
    return source, target, shifts


class _Bins:
    """Atoms sorted by bin."""

    def __init__(self, positions: torch.Tensor, cell: np.ndarray, pbc: np.ndarray, cutoff: float) -> None:
        real = lambda values: torch.as_tensor(values, dtype=torch.float64, device=positions.device)
        full = np.where(pbc[:, None], cell, 0.0)
        full = np.asarray(Cell(full).complete()) if pbc.any() else np.eye(3)
        heights = 1 / np.linalg.norm(np.linalg.inv(full), axis=0)
        scaled = positions @ real(np.linalg.inv(full))
        self.periodic = torch.as_tensor(pbc, device=positions.device)
        self.home = torch.where(self.periodic, scaled.floor(), 0.0)
        scaled = scaled - self.home
        low, high = (x.cpu().numpy() for x in scaled.aminmax(dim=0))
        low, width = np.where(pbc, 0.0, low), np.where(pbc, 1.0, high - low)
        number = np.clip(width * heights / (cutoff * (1 + 1e-9)), 1, MOST_BINS).astype(int)
        reach = np.where(pbc, np.ceil(cutoff * number / heights * (1 + 1e-9)), 1).astype(int)
        self.cutoff, self.cell, self.places = cutoff, real(full), scaled @ real(full)
        self.number = torch.as_tensor(number, device=positions.device)
        ranges = [torch.arange(-r, r + 1) for r in reach]
        self.offsets = torch.cartesian_prod(*ranges).to(positions.device)
        along = (scaled - real(low)) / real(np.where(width > 0, width, 1.0)) * self.number
        self.bin = torch.minimum(along.long().clamp(min=0), self.number - 1)
        self.keys, self.order = self._key(self.bin).sort(stable=True)

    def _key(self, bins: torch.Tensor) -> torch.Tensor:
        return (bins[..., 0] * self.number[1] + bins[..., 1]) * self.number[2] + bins[..., 2]

    def pairs(self, first: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Pairs of the atoms from `first` on."""
        around = self.bin[first : first + ATOMS, None] + self.offsets  # (a, o, 3)
        image = around.div(self.number, rounding_mode="floor")
        key = self._key(around - image * self.number)
        start = torch.searchsorted(self.keys, key)
        count = torch.searchsorted(self.keys, key, right=True) - start
        count = torch.where((self.periodic | (image == 0)).all(dim=2), count, 0).flatten()
        end = count.cumsum(0)
        bin_ = torch.repeat_interleave(count)
        within = torch.arange(len(bin_), device=bin_.device) - (end - count)[bin_]
        source = first + bin_ // len(self.offsets)
        target = self.order[start.flatten()[bin_] + within]
        shift = image.flatten(0, 1)[bin_].double()
        vector = self.places[target] - self.places[source] + shift @ self.cell
        itself = (source == target) & (shift == 0).all(dim=1)
        near = ((vector.square().sum(dim=1) < self.cutoff**2) & ~itself).nonzero()[:, 0]
        source, target = source[near], target[near]
        return source, target, shift[near] + self.home[source] - self.home[target]
