"""Survival curves of trajectories: share still stable over time, and mean lifetime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import CensoredData, binomtest, ecdf, norm

__all__ = ["Survival", "survival"]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Survival:
    """Kaplan–Meier estimate; every ``low`` and ``high`` bounds a 95 % interval.

    Attributes
    ----------
    times : (n,) array
        Times where the curve steps, from 0 to the end, in the unit of the lifetimes.
    alive : (n,) array
        Share alive after each time.
    share, share_low, share_high : float
        Share alive at the end. Its Clopper–Pearson interval counts the trajectories that died or reached the
        end.
    lifetime, lifetime_low, lifetime_high : float
        Restricted mean lifetime, ∫ of the curve up to the end.
    """

    times: np.ndarray
    alive: np.ndarray
    share: float
    share_low: float
    share_high: float
    lifetime: float
    lifetime_low: float
    lifetime_high: float


def survival(lifetimes: Sequence[float], died: Sequence[bool], end: float) -> Survival:
    """Estimate survival up to `end` from the time at which each trajectory died or was last seen alive.

    The variance of the restricted mean lifetime is Σ Aᵢ² dᵢ/(nᵢ(nᵢ − dᵢ)) with Aᵢ the area of the curve after
    the i-th time of death, dᵢ deaths and nᵢ at risk: J. P. Klein and M. L. Moeschberger, Survival Analysis
    (2003), eq. 4.5.2. If it is 0, because none died or all at once, the bounds follow from those of the
    share: below, the lowest share lives to the end and the others not at all; above, the highest share lives
    to the end and the others live the mean lifetime.

    Parameters
    ----------
    lifetimes : (n,) sequence
    died : (n,) sequence of bool
        False for a trajectory that was alive when it was last followed, at the end or before (a limit of wall
        time): it is censored.
    end : float
        Length of a complete trajectory.

    Raises
    ------
    ValueError
        There are no trajectories, or a lifetime is beyond the end.
    """
    lived, dead = np.asarray(lifetimes, dtype=float), np.asarray(died, dtype=bool)
    if not len(lived) or lived.max() > end * (1 + 1e-9):
        raise ValueError(f"survival needs lifetimes within 0 and {end:g}; got {lived.tolist()}")
    curve = ecdf(CensoredData(uncensored=lived[dead], right=lived[~dead])).sf
    steps = curve.quantiles[np.isin(curve.quantiles, lived[dead])]
    times = np.concatenate([[0.0], steps, [end]])
    alive = np.concatenate([[1.0], curve.evaluate(steps), [curve.evaluate(end)]])
    low, high = _share_interval(lived, dead, end)
    areas = np.diff(times) * alive[:-1]
    mean = float(areas.sum())
    half = norm.ppf((1 + CONFIDENCE) / 2) * _standard_error(lived, dead, steps, areas)
    bounds = (mean - half, mean + half) if half else (low * end, high * end + (1 - high) * mean)
    return Survival(times, alive, float(alive[-1]), low, high, mean, max(bounds[0], 0.0), min(bounds[1], end))


def _share_interval(lived: np.ndarray, died: np.ndarray, end: float) -> tuple[float, float]:
    """Clopper–Pearson interval of the share alive at the end; 0 to 1 if all are censored before it."""
    complete = died | (lived >= end * (1 - 1e-9))  # not censored before the end
    if not complete.any():
        return 0.0, 1.0
    interval = binomtest(int((complete & ~died).sum()), int(complete.sum())).proportion_ci(
        CONFIDENCE, "exact"
    )
    return float(interval.low), float(interval.high)


def _standard_error(lived: np.ndarray, died: np.ndarray, steps: np.ndarray, areas: np.ndarray) -> float:
    """Standard error of the restricted mean lifetime."""
    after = np.cumsum(areas[::-1])[::-1][1:]  # area of the curve after each step
    deaths = np.array([(died & (lived == t)).sum() for t in steps], dtype=float)
    at_risk = np.array([(lived >= t).sum() for t in steps], dtype=float)
    survivors = at_risk - deaths
    terms = np.divide(after**2 * deaths, at_risk * survivors, out=np.zeros(len(steps)), where=survivors > 0)
    return float(np.sqrt(terms.sum()))
