"""How long trajectories live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import CensoredData, binomtest, ecdf, norm

__all__ = ["Survival", "survival"]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Survival:
    """Kaplan and Meier's estimate; every ``low`` and ``high`` bounds a 95 % interval.

    Attributes
    ----------
    times : (n,) array
        From 0 to the end, where the curve steps, in the unit of the lifetimes.
    alive : (n,) array
        The share that lives on after each time.
    share, share_low, share_high : float
        Alive at the end. The interval is that of Clopper and Pearson over those whose fate is known.
    lifetime, lifetime_low, lifetime_high : float
        The restricted mean, ∫ of the curve up to the end.
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
    """Survival up to `end` from when each trajectory died, or was last seen alive.

    The restricted mean lifetime and its variance, Σ Aᵢ² dᵢ/(nᵢ(nᵢ − dᵢ)) with Aᵢ the area of the curve after
    the i-th time at which some died: J. P. Klein and M. L. Moeschberger, Survival Analysis (2003), eq. 4.5.2.
    Where that variance is 0, because none died or all at once, the interval is that of the share: the lowest
    share lives to the end and the others not at all; the highest lives to the end and the others as seen.

    Parameters
    ----------
    lifetimes : (n,) sequence
    died : (n,) sequence of bool
        False: whoever followed it stopped, at the end or before (a limit of wall time), and it lived.
    end : float
        When trajectories end that are followed to the end.

    Raises
    ------
    ValueError
        No trajectories, or a lifetime beyond the end.
    """
    lived, died_ = np.asarray(lifetimes, dtype=float), np.asarray(died, dtype=bool)
    if not len(lived) or lived.max() > end * (1 + 1e-9):
        raise ValueError(f"survival needs lifetimes within 0 and {end:g}; got {lived.tolist()}")
    curve = ecdf(CensoredData(uncensored=lived[died_], right=lived[~died_])).sf
    steps = curve.quantiles[np.isin(curve.quantiles, lived[died_])]
    times = np.concatenate([[0.0], steps, [end]])
    alive = np.concatenate([[1.0], curve.evaluate(steps), [curve.evaluate(end)]])
    low, high = _share_interval(lived, died_, end)
    areas = np.diff(times) * alive[:-1]
    mean = float(areas.sum())
    half = norm.ppf((1 + CONFIDENCE) / 2) * _error(lived, died_, steps, areas)
    bounds = (mean - half, mean + half) if half else (low * end, high * end + (1 - high) * mean)
    return Survival(times, alive, float(alive[-1]), low, high, mean, max(bounds[0], 0.0), min(bounds[1], end))


def _share_interval(lived: np.ndarray, died: np.ndarray, end: float) -> tuple[float, float]:
    known = died | (lived >= end * (1 - 1e-9))
    if not known.any():
        return 0.0, 1.0
    interval = binomtest(int((known & ~died).sum()), int(known.sum())).proportion_ci(CONFIDENCE, "exact")
    return float(interval.low), float(interval.high)


def _error(lived: np.ndarray, died: np.ndarray, steps: np.ndarray, areas: np.ndarray) -> float:
    """The restricted mean's standard error."""
    after = np.cumsum(areas[::-1])[::-1][1:]  # of the curve, behind each step
    deaths = np.array([(died & (lived == t)).sum() for t in steps], dtype=float)
    at_risk = np.array([(lived >= t).sum() for t in steps], dtype=float)
    left = at_risk - deaths
    terms = np.divide(after**2 * deaths, at_risk * left, out=np.zeros(len(steps)), where=left > 0)
    return float(np.sqrt(terms.sum()))
