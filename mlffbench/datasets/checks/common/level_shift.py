"""Constant shift of the energy between two groups of near frames: two levels of theory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlffbench.data import Dataset
from mlffbench.datasets.checks.common.energy_force_consistency import residuals
from mlffbench.datasets.checks.common.energy_zero import energy_zero
from mlffbench.datasets.checks.common.memoise import memoised

__all__ = ["LevelShift", "level_shift"]

GAP = 3.0  # between differences within a level and across levels, as a ratio
CONSTANT, MOSTLY = 0.2, 0.8  # shifts from one level to the other differ by less, in this share of pairs
LEAST = 5  # frames of a level
NEAR, STRAINED = 0.4, 0.05  # Å; strain of a cell


@dataclass(frozen=True)
class LevelShift:
    """The rarer level's frames, and their energies against those of near frames.

    Attributes
    ----------
    frames : (n,) array of int
        Frames of the rarer level.
    size : float
        Median size of the shift, eV.
    sign : str
        ``above`` or ``below`` the other level.
    n_compared : int
        Frames of both levels that have near frames.
    """

    frames: np.ndarray
    size: float
    sign: str
    n_compared: int


@memoised
def level_shift(dataset: Dataset) -> LevelShift | None:
    """Find two levels of theory in energies of one zero; None without a shift, or where the zeros differ.

    Energy differences of near frames, less the work of forces and stress, are small within one level. If
    some are larger by a gap, all by one constant, and each frame is always above or always below, then two
    groups of frames were calculated differently.
    """
    if not energy_zero(dataset).is_consistent:
        return None
    pairs, unexplained = residuals(dataset)
    near = (pairs.distance < NEAR) & (pairs.strain < STRAINED)
    pairs, unexplained = pairs[near], unexplained[near]
    within = _below_gap(np.abs(unexplained))
    if within is None:
        return None
    across, shift = pairs[~within], unexplained[~within]
    size = float(np.median(np.abs(shift)))
    above = np.unique(np.where(shift > 0, across.j, across.i))
    below = np.unique(np.where(shift > 0, across.i, across.j))
    alike = np.mean(np.abs(np.abs(shift) - size) < CONSTANT * size)
    fewer, sign = (above, "above") if len(above) <= len(below) else (below, "below")
    if alike < MOSTLY or len(fewer) < LEAST or len(np.intersect1d(above, below)) > (1 - MOSTLY) * len(fewer):
        return None
    return LevelShift(fewer, size, sign, len(np.union1d(pairs.i, pairs.j)))


def _below_gap(sizes: np.ndarray) -> np.ndarray | None:
    """Mask of the sizes below the widest gap; None without a gap."""
    ordered = np.sort(sizes)
    low, high = int(0.05 * len(ordered)), int(0.98 * len(ordered))
    if high - low < 20:
        return None
    steps = ordered[low + 1 : high] / np.maximum(ordered[low : high - 1], 1e-3)
    return sizes <= ordered[low + steps.argmax()] if steps.max() > GAP else None
