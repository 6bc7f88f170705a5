"""Errors as they were sampled: over seeds, and over clusters of test frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mlffbench.harness.error_sums import LEAST, ErrorSums, Spread, spread_of
from mlffbench.report.statistics.estimates import Estimate, t_quantile

__all__ = [
    "KNOWN", "UNKNOWN", "ErrorSample", "combined", "interval_spread", "over_clusters",
    "seed_spread",
]  # fmt: skip

KNOWN = 1e6  # degrees of freedom of an interval that a document gives
UNKNOWN = Spread(math.nan, math.nan)


@dataclass(frozen=True, eq=False)
class ErrorSample:
    """Mean error of one method over its seeds, and what its uncertainty follows from.

    Attributes
    ----------
    values : (S,) array
        Error of each seed.
    without : tuple of (G,) arrays
        Errors without each cluster of test frames, averaged over the seeds that share the clusters: one array
        where all seeds were tested on the same frames. Empty where there are no clusters to resample.
    weights : tuple of float
        Share of the seeds in each array.
    keys : tuple of str
        Names of the clusters of each array: of equal keys are the same clusters in the same order.
    unit : str
        ``trajectories``, ``test frames`` ...
    reason : str
        Why there are no clusters; '' with them.
    low, high : float
        Interval of documents without clusters, over test frames or over seeds; NaN without.
    seeds : tuple
        Names of the seeds.
    freedom : float
        Degrees of freedom of that interval: S − 1 if it is the t-interval over S seeds.
    """

    values: np.ndarray
    without: tuple[np.ndarray, ...] = ()
    weights: tuple[float, ...] = ()
    keys: tuple[str, ...] = ()
    unit: str = "test frames"
    reason: str = ""
    low: float = math.nan
    high: float = math.nan
    seeds: tuple[object, ...] = ()
    freedom: float = KNOWN

    @cached_property
    def value(self) -> float:
        """Mean over the seeds; one that is not finite makes it not finite."""
        return float(np.mean(self.values))

    @cached_property
    def frames(self) -> Spread:
        """Spread over test frames of the logarithm of the error; NaN where it is not known."""
        if self.without and self.value > 0 and all((own > 0).all() for own in self.without):
            parts = zip(map(spread_of, map(np.log, self.without)), self.weights, strict=True)
            return combined([Spread(w**2 * v, freedom, w**3 * third) for (v, freedom, third), w in parts])
        if not self.without and self.value > 0 and math.isfinite(self.low + self.high):
            half = max(self.value - self.low, self.high - self.value)
            return interval_spread(half / self.value, self.freedom)
        return UNKNOWN

    @classmethod
    def of_sums(
        cls,
        sums: Sequence[ErrorSums],
        metric: str,
        keys: Sequence[str] = (),
        unit: str = "test frames",
        seeds: Sequence[object] = (),
    ) -> ErrorSample:
        """Sample of the sums of each seed; without `keys` all seeds have the same clusters."""
        keys = list(keys) or ["" for _ in sums]
        places = {key: [i for i, own in enumerate(keys) if own == key] for key in dict.fromkeys(keys)}
        without = tuple(np.mean([sums[i].without(metric) for i in own], axis=0) for own in places.values())
        weights = tuple(len(own) / len(sums) for own in places.values())
        values = np.array([own.value(metric) for own in sums])
        few = min(map(len, without)) < LEAST
        reason = f"fewer than {LEAST} clusters of test frames" if few else ""
        parts = ((), (), ()) if few else (without, weights, tuple(places))
        return cls(values, *parts, unit, reason, seeds=tuple(seeds) or tuple(range(len(sums))))


def interval_spread(half: float, freedom: float = KNOWN) -> Spread:
    """Variance (half / t(ν))² of a number whose 95 % interval has this half width, and its ν."""
    return Spread((half / t_quantile(0.95, freedom)) ** 2, freedom)


def seed_spread(values: np.ndarray, frames: Spread, shared: bool) -> Spread:
    """Variance of a mean over seeds, s²/S.

    Of seeds that were tested on frames of their own, s²/S holds the variance over frames, too, which is
    counted once: s²/S − V(frames), 0 at least.
    """
    n = len(values)
    if n < 2:
        return Spread(0.0, KNOWN)
    variance = float(np.var(values, ddof=1)) / n
    own = variance if shared or not math.isfinite(frames.variance) else max(0.0, variance - frames.variance)
    return Spread(own, n - 1.0)


def combined(parts: Sequence[Spread]) -> Spread:
    """Spread of a sum of independent parts, with degrees of freedom (ΣV)² / Σ(V²/ν).

    These are of Welch and Satterthwaite; variances and third moments add.
    """
    total, third = sum(part.variance for part in parts), sum(part.third for part in parts)
    if not total > 0:  # 0 or NaN
        return Spread(total, min(part.freedom for part in parts))
    return Spread(total, total**2 / sum(part.variance**2 / part.freedom for part in parts), third)


def over_clusters(sample: ErrorSample) -> Estimate:
    """Mean over seeds of an error and its 95 % interval over clusters of test frames and over seeds.

    θ exp(δ ± t(ν) √V) with V = V(frames) + V(seeds) of ln θ: the delete-one-cluster variance of
    `harness.error_sums.jackknife`, and s²/S of several seeds; δ, for skewness, is that of
    `harness.error_sums.Spread.ends`. Without clusters, the interval over test frames that documents hold
    takes the place of the first; without that too, there is no interval.
    """
    value, frames = sample.value, sample.frames
    if not (math.isfinite(value) and value > 0):
        return Estimate(value, math.nan, math.nan, "none", "" if math.isfinite(value) else "not finite")
    if not math.isfinite(frames.variance):
        return _over_seeds_alone(sample)
    shared = len(sample.without) < 2
    log = np.log(sample.values) if (sample.values > 0).all() else sample.values / value
    seeds = seed_spread(log, frames, shared)
    low, high = (value * math.exp(end) for end in combined([frames, seeds]).ends())
    unit = f"{sample.unit} and seeds" if seeds.variance > 0 else sample.unit
    return Estimate(value, low, high, unit)


def _over_seeds_alone(sample: ErrorSample) -> Estimate:
    """Interval that leaves out the test frames; none for seeds that all give one number."""
    reason = sample.reason or "no errors by cluster in the document"
    spread = seed_spread(sample.values, UNKNOWN, shared=True)
    if not spread.variance > 0:
        return Estimate(sample.value, math.nan, math.nan, "none", reason)
    half = spread.half_width()
    return Estimate(sample.value, max(0.0, sample.value - half), sample.value + half, "seeds", reason)
