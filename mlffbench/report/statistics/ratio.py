"""Ratio of two errors with its interval."""

from __future__ import annotations

import math

import numpy as np

from mlffbench.report.statistics.estimates import Estimate
from mlffbench.report.statistics.samples import ErrorSample, combined, seed_spread

__all__ = ["error_ratio"]


def error_ratio(error: ErrorSample, base: ErrorSample) -> Estimate:
    """Ratio of the errors on two test groups with its 95 % interval: a transfer ratio.

    The groups have no frames in common, so that the variances of their logarithms add:
    r exp(± t(ν) √(V₁ + V₂ + V(seeds))). Seeds that are the same on both sides vary together: theirs is the
    variance of the logarithm of their ratios.
    """
    value = error.value / base.value if base.value > 0 and math.isfinite(base.value) else math.nan
    frames = combined([error.frames, base.frames])
    if not value > 0 or not math.isfinite(value):
        return Estimate(value, math.nan, math.nan, "none", "no ratio of such errors")
    if not math.isfinite(frames.variance):
        return Estimate(value, math.nan, math.nan, "none", error.reason or base.reason)
    shared = len(error.without) < 2 and len(base.without) < 2
    seeds = seed_spread(_ratios(error, base), frames, shared)
    factor = math.exp(combined([frames, seeds]).half_width())
    unit = f"{error.unit} and seeds" if seeds.variance > 0 else error.unit
    return Estimate(value, value / factor, value * factor, unit)


def _ratios(error: ErrorSample, base: ErrorSample) -> np.ndarray:
    """Logarithm of the ratio of each seed; empty where the seeds are not the same or one is not positive."""
    if error.seeds != base.seeds or not ((error.values > 0).all() and (base.values > 0).all()):
        return np.array([])
    return np.asarray(np.log(error.values / base.values))
