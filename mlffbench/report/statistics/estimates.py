"""Means over seeds and their intervals, of numbers that are known by seed alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

__all__ = ["Estimate", "all_over_seeds", "over_seeds", "t_interval", "t_quantile"]


class Estimate(NamedTuple):
    """A number, its 95 % interval (NaN: unknown) and the samples that the interval was taken over."""

    value: float
    low: float
    high: float
    interval: str  # "seeds", "test frames", "trajectories and seeds" ... or "none"
    reason: str = ""  # why there is no interval, or why it leaves out the test frames


def t_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """mean ± t(level, n − 1) · s / √n, with s the standard deviation of the sample.

    Parameters
    ----------
    values : sequence of float
        Two or more.
    level : float

    Returns
    -------
    low, high : float
    """
    half = t_quantile(level, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return float(np.mean(values) - half), float(np.mean(values) + half)


@lru_cache
def t_quantile(level: float, freedom: float) -> float:
    return float(stdtrit(freedom, (1 + level) / 2))  # of the t distribution


def over_seeds(values: Sequence[float], lows: Sequence[float], highs: Sequence[float]) -> Estimate:
    """The mean over seeds and its 95 % interval.

    One seed: the bootstrap interval over test frames that its document holds. Two or more: the t-interval
    over the seeds, unless the (seed-averaged) bootstrap interval is wider. Without that exception a
    deterministic method, the same number from every seed, would get an interval of width zero and a rank
    without doubt. Errors and costs are never negative, so `low` is cut at 0. One value that is not finite
    makes the mean not finite: it is not averaged away.

    Parameters
    ----------
    values, lows, highs : sequences of float
        One entry a seed; NaN where a document has no interval.
    """
    return all_over_seeds(*(np.array([numbers], dtype=float) for numbers in (values, lows, highs)))[0]


def all_over_seeds(values: np.ndarray, lows: np.ndarray, highs: np.ndarray) -> list[Estimate]:
    """`over_seeds` of many numbers at once: arrays (n numbers, n seeds)."""
    means = np.mean(values, axis=1)
    frames = np.mean(lows, axis=1), np.mean(highs, axis=1)
    seeds = np.full_like(frames, np.nan)
    if (n_seeds := values.shape[1]) > 1:
        with np.errstate(invalid="ignore"):  # inf − inf; no interval then
            half = t_quantile(0.95, n_seeds - 1) * np.std(values, axis=1, ddof=1) / np.sqrt(n_seeds)
            seeds = np.array([means - half, means + half])
    columns = (means, *frames, *seeds)
    return [_estimate(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _estimate(value: float, low: float, high: float, seeds_low: float, seeds_high: float) -> Estimate:
    """The wider of the intervals over test frames and over seeds that is finite."""
    if not math.isfinite(value):
        return Estimate(value, math.nan, math.nan, "none")
    of_frames, of_seeds = math.isfinite(low + high), math.isfinite(seeds_low + seeds_high)
    if of_seeds and not (of_frames and high - low >= seeds_high - seeds_low):
        return Estimate(value, max(seeds_low, 0.0), seeds_high, "seeds")
    if of_frames:
        return Estimate(value, max(low, 0.0), high, "test frames")
    return Estimate(value, math.nan, math.nan, "none")
