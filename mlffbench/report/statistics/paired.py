"""Paired comparison of two methods on the same test frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mlffbench.harness.error_sums import ErrorSums
from mlffbench.report.statistics.contrasts import DIFFERENCE, RELATIVE, spreads
from mlffbench.report.statistics.samples import ErrorSample

__all__ = ["BETTER", "EQUIVALENT", "ROPE", "UNDECIDED", "WORSE", "Comparisons", "Paired", "compare", "paired"]

BETTER, EQUIVALENT, WORSE, UNDECIDED = "better", "equivalent", "worse", "not told apart"
LEVEL = 0.05  # p-value, from which on two methods are told apart
ROPE = {"energy_per_atom": 0.001, "forces": 0.005}  # region of practical equivalence: eV/atom, eV/Å


class Paired(NamedTuple):
    """Difference of the errors of two methods, first minus second, with its 95 % interval.

    `p_better` is the probability that the first has the smaller error, `p_value` that of a difference at
    least as large if there is none, two-sided; `verdict` is of the first. The interval ends at 0 where it
    would hold 0 though the test tells the two apart, or the other way round.
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
        difference, low, high, p_better, p_value = (
            float(m[a, b]) for m in (self.difference, self.low, self.high, self.p_better, self.p_value)
        )
        verdict = UNDECIDED if not p_value <= LEVEL else BETTER if difference < 0 else WORSE
        equivalent = rope > 0 and -rope <= low and high <= rope
        return Paired(difference, low, high, p_better, p_value, EQUIVALENT if equivalent else verdict)


def paired(
    errors_a: Sequence[float] | np.ndarray,
    errors_b: Sequence[float] | np.ndarray,
    clusters: Sequence[Any] | np.ndarray,
    metric: str = "rmse",
    rope: float = 0.0,
) -> Paired:
    """Compare two methods by their errors on the same frames.

    Two t-tests in one: of Δ = θ(a) − θ(b), which is the sharper the better the larger error is known, and of
    R = Δ/(θ(a) + θ(b)), which frames that are hard for both hardly change. Variances are by deleting each
    cluster from both, with the degrees of freedom of `harness.error_sums.jackknife`, of R those of Δ if these
    are fewer. The p-value is the Cauchy combination of the two: theirs where they agree, twice the smaller
    one far from 1. The interval is of Δ, and ends at 0 where the test contradicts it.

    Parameters
    ----------
    errors_a, errors_b, clusters : (n,) arrays
        Errors of the same frames or components, in the same order, and the names of their clusters.
    metric : {"rmse", "mae"}
    rope : float
        Differences of at most this size do not matter: ``equivalent`` if the 95 % interval lies within
        ±`rope`.

    References
    ----------
    Y. Liu and J. Xie, J. Am. Stat. Assoc. 115, 393 (2020), for the combination of tests that depend on each
    other.

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


def compare(samples: Sequence[ErrorSample]) -> Comparisons:
    """Compare each method with each other as `paired` does; NaN where the uncertainty of one is not known.

    Pairs of methods whose test frames have the same clusters are compared cluster by cluster, seed by seed
    where their seeds are the same. The variances over seeds of all pairs moderate each other, see
    `mlffbench.report.statistics.moderated`.
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        difference, of_difference = spreads(samples, DIFFERENCE)
        relative, of_relative = spreads(samples, RELATIVE)
        fewer = np.minimum(of_difference.frames_freedom, of_relative.frames_freedom)
        p_value = _combined(
            of_difference.p_value(difference), of_relative._replace(frames_freedom=fewer).p_value(relative)
        )
        half = of_difference.half_width(1 - LEVEL)
    p_better = np.where(difference < 0, 1 - p_value / 2, p_value / 2)
    low, high = _agreeing(difference, half, p_value <= LEVEL)
    return Comparisons(difference, low, high, p_better, p_value, of_difference.is_paired)


def _combined(*p_values: np.ndarray) -> np.ndarray:
    """Cauchy combination: the p-value whose cotangent of π p is the mean of those of all."""
    return np.asarray(np.arctan2(1.0, np.mean(1.0 / np.tan(np.pi * np.array(p_values)), axis=0)) / np.pi)


def _agreeing(difference: np.ndarray, half: np.ndarray, differs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the intervals of differences, which reach beyond 0 just where the test finds none."""
    low, high = difference - half, difference + half
    inner_low, inner_high = np.minimum(low, 0.0), np.maximum(high, 0.0)
    low = np.where(differs, np.where(difference > 0, np.maximum(low, 0.0), low), inner_low)
    high = np.where(differs, np.where(difference < 0, np.minimum(high, 0.0), high), inner_high)
    return low, high
