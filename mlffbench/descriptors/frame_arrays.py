"""Arrays of many frames on a device, copied there at once, and their numbers of atoms on the host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from ase import Atoms

__all__ = ["FrameArrays", "frame_arrays"]

ROUNDING = 1e-6  # of scaled coordinates


@dataclass(frozen=True)
class FrameArrays:
    """n atoms of n_frames frames, one frame after the other, with their cells.

    Attributes
    ----------
    numbers : (n,) int64 tensor
    positions : (n, 3) float64 tensor, Å
    cells : (n_frames, 3, 3) float64 tensor, Å; zero where a direction is not periodic
    inverse : (n_frames, 3, 3) float64 tensor, Å⁻¹
        r @ inverse are the scaled coordinates; zero where not periodic.
    reach : (n_frames, 3) float64 tensor, the cutoff divided by the heights of the cell
    lengths, starts : (n_frames,) int64 tensors, number of atoms and first atom of each frame
    periodic : (n_frames,) bool tensor, true for three periodic directions
    sizes, pbc, images : (n_frames,) int, (n_frames, 3) bool and int arrays on the host
        Numbers of atoms, periodic directions, and cell shifts to try for a pair of atoms.
    """

    numbers: torch.Tensor
    positions: torch.Tensor
    cells: torch.Tensor
    inverse: torch.Tensor
    reach: torch.Tensor
    lengths: torch.Tensor
    starts: torch.Tensor
    periodic: torch.Tensor
    sizes: np.ndarray
    pbc: np.ndarray
    images: np.ndarray

    def frame(self) -> torch.Tensor:
        """Frame of each atom, (n,) int64."""
        every = torch.arange(len(self.lengths), device=self.lengths.device)
        return torch.repeat_interleave(every, self.lengths, output_size=len(self.numbers))


def frame_arrays(frames: Sequence[Atoms], cutoff: float, device: torch.device) -> FrameArrays:
    """Collect the arrays of frames and copy them to a device; `cutoff` in Å."""
    sizes = np.array([len(a) for a in frames])
    pbc = np.array([a.pbc for a in frames])
    cells = np.where(pbc[:, :, None], np.array([a.cell.array for a in frames]), 0.0)
    inverse = _dual(cells, pbc)
    reach = cutoff * np.linalg.norm(inverse, axis=1) + ROUNDING * pbc
    tensors = _copied(
        {
            "positions": np.concatenate([a.positions for a in frames]),
            "cells": cells,
            "inverse": inverse,
            "reach": reach,
            "numbers": np.concatenate([a.numbers for a in frames]),
            "lengths": sizes,
            "starts": np.cumsum(sizes) - sizes,
            "periodic": pbc.all(axis=1).astype(int),
        },
        device,
    )
    tensors["periodic"] = tensors["periodic"].bool()
    return FrameArrays(**tensors, sizes=sizes, pbc=pbc, images=np.floor(2 * reach).astype(int) + 1)


def _dual(cells: np.ndarray, pbc: np.ndarray) -> np.ndarray:
    """Inverse cells; the dual vectors of the periodic directions alone where some are not periodic."""
    inverse = np.zeros_like(cells)
    whole, some = pbc.all(axis=1), pbc.any(axis=1)
    if whole.any():
        inverse[whole] = np.linalg.inv(cells[whole])
    if (partly := some & ~whole).any():
        inverse[partly] = np.linalg.pinv(cells[partly]) * pbc[partly, None, :]  # exact zeros
    return inverse


def _copied(arrays: dict[str, np.ndarray], device: torch.device) -> dict[str, torch.Tensor]:
    """The arrays as tensors of float64 or int64, by one copy from pinned memory on CUDA."""
    as_is = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in arrays.items()}
    if device.type == "cpu":
        return {name: t if t.is_floating_point() else t.long() for name, t in as_is.items()}
    joined = torch.cat([t.double().flatten() for t in as_is.values()])  # integers below 2⁵³ stay exact
    if device.type == "cuda":
        joined = joined.pin_memory()
    there = joined.to(device, non_blocking=True).split([t.numel() for t in as_is.values()])
    shaped = {name: part.view(t.shape) for (name, t), part in zip(as_is.items(), there, strict=True)}
    return {name: t if as_is[name].is_floating_point() else t.long() for name, t in shaped.items()}
