"""Paired comparison of two methods on the same test frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from mlffbench.harness.error_sums import ErrorSums, Spread, jackknife
from mlffbench.report.statistics.samples import KNOWN, UNKNOWN, ErrorSample, frame_spread, seed_spread

__all__ = ["BETTER", "EQUIVALENT", "ROPE", "UNDECIDED", "WORSE", "Comparisons", "Paired", "compare", "paired"]

BETTER, EQUIVALENT, WORSE, UNDECIDED = "better", "equivalent", "worse", "not told apart"
ROPE = {"energy_per_atom": 0.001, "forces": 0.005}  # region of practical equivalence: eV/atom, eV/Å


class Paired(NamedTuple):
    """Difference of the errors of two methods, first minus second, with its 95 % interval.

    `p_better` is the probability that the first has the smaller error, `p_value` that of a difference at
    least as large if there is none, two-sided; `verdict` is of the first.
    """

    difference: float
    low: float
    high: float
    p_better: float
    p_value: float
    verdict: str


class Comparisons(NamedTuple):
    """Comparisons of each of m methods with each other, (m, m) arrays: row minus column.

    `is_paired` is False where the documents do not hold errors on common clusters, and the difference is
    taken between independent samples, which is the more cautious the more alike the methods err.
    """

    difference: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p_better: np.ndarray
    p_value: np.ndarray
    is_paired: np.ndarray

    def pair(self, a: int, b: int, rope: float = 0.0) -> Paired:
        """Comparison of two methods."""
        numbers = [
            float(m[a, b]) for m in (self.difference, self.low, self.high, self.p_better, self.p_value)
        ]
        difference, low, high, p_better, p_value = numbers
        return Paired(difference, low, high, p_better, p_value, verdict_of(low, high, rope))


def paired(
    errors_a: Sequence[float] | np.ndarray,
    errors_b: Sequence[float] | np.ndarray,
    clusters: Sequence[Any] | np.ndarray,
    metric: str = "rmse",
    rope: float = 0.0,
) -> Paired:
    """Compare two methods by their errors on the same frames.

    Δ = θ(a) − θ(b), its variance by deleting each cluster from both, a t-test with the degrees of freedom of
    `harness.error_sums.jackknife`.

    Parameters
    ----------
    errors_a, errors_b, clusters : (n,) arrays
        Errors of the same frames or components, in the same order, and the names of their clusters.
    metric : {"rmse", "mae"}
    rope : float
        Differences of at most this size do not matter: ``equivalent`` if the 95 % interval lies within
        ±`rope`.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> clusters, errors = np.repeat(np.arange(20), 5), rng.normal(size=100)
    >>> paired(errors, 1.5 * errors, clusters).verdict
    'better'
    >>> paired(errors, 1.001 * errors, clusters, rope=0.01).verdict
    'equivalent'
    """
    if len(errors_a) != len(errors_b):
        raise ValueError(f"{len(errors_a)} and {len(errors_b)} errors are not of the same frames")
    sides = (ErrorSums.of(errors, clusters) for errors in (errors_a, errors_b))
    return compare([ErrorSample.of_sums([side], metric) for side in sides]).pair(0, 1, rope)


def verdict_of(low: float, high: float, rope: float) -> str:
    """Word for the interval of a difference."""
    if -rope <= low and high <= rope and rope > 0:
        return EQUIVALENT
    if high < 0:
        return BETTER
    return WORSE if low > 0 else UNDECIDED


def compare(samples: Sequence[ErrorSample], level: float = 0.95) -> Comparisons:
    """Compare each method with each other; NaN where the uncertainty of one is not known.

    Pairs of methods whose test frames have the same clusters are compared cluster by cluster, seed by seed
    where their seeds are the same.
    """
    values = np.array([sample.value for sample in samples], dtype=float)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        difference = values[:, None] - values[None, :]
        variance, freedom, is_paired = _frames(samples)
        seeds, n_seeds, shared = _seeds(samples)
        own = np.where(shared, seeds, np.maximum(0.0, seeds - variance))
        total = variance + own
        freedom = total**2 / (variance**2 / freedom + own**2 / n_seeds)
        freedom = np.where(np.isfinite(freedom), freedom, KNOWN)
        t = np.where(difference == 0, 0.0, difference / np.sqrt(total))  # one number: no difference
        t[np.isnan(total)] = np.nan
        half = stdtrit(freedom, (1 + level) / 2) * np.sqrt(total)
        p_better = stdtr(freedom, -t)
        p_value = 2.0 * stdtr(freedom, -np.abs(t))
    return Comparisons(difference, difference - half, difference + half, p_better, p_value, is_paired)


def _frames(samples: Sequence[ErrorSample]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variance over test frames of each difference, its degrees of freedom, and where it is paired."""
    relative = [(frame_spread(sample), sample.value) for sample in samples]
    single = [Spread(own.variance * value**2, own.freedom) for own, value in relative]
    variance, freedom = _independent(single)
    is_paired = np.zeros(variance.shape, dtype=bool)
    for own in _alike([(s.keys, s.weights) if s.without else None for s in samples]):
        block = np.ix_(own, own)
        variance[block], freedom[block] = _jackknifed([samples[i] for i in own])
        is_paired[block] = True
    return variance, freedom, is_paired


def _independent(spreads: Sequence[Spread]) -> tuple[np.ndarray, np.ndarray]:
    """Variances of the differences of independent numbers, and their degrees of freedom."""
    variances, freedoms = (np.array([getattr(own, k) for own in spreads]) for k in ("variance", "freedom"))
    total = variances[:, None] + variances[None, :]
    return total, total**2 / (variances[:, None] ** 2 / freedoms[:, None] + variances**2 / freedoms)


def _jackknifed(samples: Sequence[ErrorSample]) -> tuple[np.ndarray, np.ndarray]:
    """Variances of the differences of methods with common clusters, and their degrees of freedom."""
    total, weight = np.zeros((len(samples),) * 2), np.zeros((len(samples),) * 2)
    for k, share in enumerate(samples[0].weights):
        each = np.array([sample.without[k] for sample in samples])
        variance, freedom = jackknife(each[:, None, :] - each[None, :, :])
        total += share**2 * variance
        weight += (share**2 * variance) ** 2 / freedom
    return total, np.where(weight > 0, total**2 / weight, KNOWN)


def _seeds(samples: Sequence[ErrorSample]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variance over seeds of each difference, degrees of freedom, and where all seeds share the frames."""
    variance, freedom = _independent([seed_spread(s.values, UNKNOWN, shared=True) for s in samples])
    shared = np.array([len(sample.without) < 2 for sample in samples], dtype=bool)
    for own in _alike([s.seeds if len(s.seeds) > 1 else None for s in samples]):
        values = np.array([samples[i].values for i in own])
        block = np.ix_(own, own)
        variance[block] = np.var(values[:, None] - values[None, :], axis=-1, ddof=1) / values.shape[1]
        freedom[block] = values.shape[1] - 1.0
    return variance, np.where(np.isfinite(freedom), freedom, KNOWN), shared[:, None] & shared[None, :]


def _alike(keys: Sequence[Any]) -> list[list[int]]:
    """Places of equal keys, where there are two or more; None is equal to none."""
    places: dict[Any, list[int]] = {}
    for i, key in enumerate(keys):
        if key is not None:
            places.setdefault(key, []).append(i)
    return [own for own in places.values() if len(own) > 1]
