"""Energy–force consistency: regression of energy differences on the work of forces and stresses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlffbench.data import Dataset
from mlffbench.datasets.checks.common.frame_pairs import STRAIN_TO_DISTANCE, FramePairs, near_pairs
from mlffbench.datasets.checks.common.memoise import memoised

__all__ = ["AGREE", "Slope", "force_slope", "residuals", "stress_pairs", "stress_slope"]

AGREE = 1.4  # energies and work agree within this factor: anharmonicity of real data stays below 1.25
NEAR = 0.3  # Å
STRAINED, WIDE = 1e-4, 0.2  # least strain that counts, and largest that is harmonic enough
MOST, LEAST = 150, 10  # pairs
SHARP = 1.6  # largest width of the slope's interval, as a ratio


@dataclass(frozen=True)
class Slope:
    """Regression slope y ≈ value · x from n pairs: 1 for consistent labels, −1 for a flipped sign."""

    value: float
    n: int


@memoised
def force_slope(dataset: Dataset) -> Slope | None:
    """Regression slope of ΔE on the work of the forces; None if undetermined."""
    near = near_pairs(dataset)
    near = near[np.isfinite(near.force_work) & (near.distance < NEAR) & (near.distance > 1e-3)]
    same_cell = near.strain < STRAINED
    if same_cell.sum() >= 3 * LEAST:
        return _slope(near, near.force_work, near.energy, same_cell)
    return _slope(near, near.force_work, near.energy - _stress_factor(near) * near.stress_work)


@memoised
def stress_slope(dataset: Dataset) -> Slope | None:
    """Regression slope of ΔE less the work of the forces on the work of the stress; None if undetermined."""
    near = stress_pairs(dataset)
    force = force_slope(dataset)
    scale = 1.0 if force is None else force.value
    return _slope(near, near.stress_work, near.energy - scale * np.nan_to_num(near.force_work))


def _stress_factor(near: FramePairs, rounds: int = 30) -> float:
    """Factor b of ΔE ≈ a · force work + b · stress work: least absolute deviations by reweighting."""
    near = near[np.isfinite(near.stress_work) & (near.strain < WIDE)]
    if len(near) < LEAST:
        return 1.0
    works = np.stack([near.force_work, near.stress_work], axis=1)
    sizes = np.abs(works).max(axis=0) + np.finfo(float).tiny
    weights = np.ones(len(near))
    for _ in range(rounds):
        factors = np.linalg.lstsq(works / sizes * weights[:, None], near.energy * weights, rcond=None)[0]
        residual = np.abs(near.energy - works / sizes @ factors)
        weights = 1 / np.sqrt(residual + 1e-3 * np.median(np.abs(near.energy)) + np.finfo(float).tiny)
    return float(factors[1] / sizes[1])


def stress_pairs(dataset: Dataset) -> FramePairs:
    """Pairs of near frames with stresses and different cells."""
    near = near_pairs(dataset)
    strained = (near.strain > STRAINED) & (near.strain < WIDE)
    return near[strained & (near.distance < NEAR) & np.isfinite(near.stress_work)]


def residuals(dataset: Dataset) -> tuple[FramePairs, np.ndarray]:
    """Near pairs, and their energy differences less the work of forces and stress.

    The work is scaled by the slopes; where a slope is undetermined or a label missing, it counts as zero.
    """
    near = near_pairs(dataset)
    force, stress = force_slope(dataset), stress_slope(dataset)
    explained = np.zeros(len(near))
    if force is not None:
        explained += force.value * np.nan_to_num(near.force_work)
    if stress is not None:
        explained += stress.value * np.nan_to_num(near.stress_work)
    return near, near.energy - explained


def _slope(near: FramePairs, x: np.ndarray, y: np.ndarray, keep: np.ndarray | None = None) -> Slope | None:
    """Slope s of least absolute deviations, Σ |y − s x|, over the nearest pairs; None if undetermined."""
    keep = np.isfinite(x) & np.isfinite(y) & (np.ones(len(x), dtype=bool) if keep is None else keep)
    if keep.sum() < LEAST:
        return None
    keep &= np.abs(x) > 0.02 * np.percentile(np.abs(x[keep]), 75)
    order = np.argsort(
        np.where(keep, near.distance + STRAIN_TO_DISTANCE * near.strain, np.inf), kind="stable"
    )
    order = order[: min(MOST, keep.sum())]
    x, y = x[order], y[order]
    if len(x) < LEAST or not np.abs(y).max() > 0:
        return None
    low, middle, high = _weighted_median(y / x, np.abs(x))
    if low * high <= 0 or not max(abs(low), abs(high)) < SHARP * min(abs(low), abs(high)):
        return None
    return Slope(middle, len(x))


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> tuple[float, float, float]:
    """Lower bound, median and upper bound of the weighted median's 95 % interval (order statistics)."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order]) / weights.sum()
    half = np.sqrt(np.sum(weights**2)) / weights.sum()
    places = np.searchsorted(below, [0.5 - half, 0.5, 0.5 + half])
    low, middle, high = values[order][np.minimum(places, len(values) - 1)]
    return float(low), float(middle), float(high)
