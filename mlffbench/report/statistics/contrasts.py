"""Contrasts of the errors of two methods, and their variances over test frames and over seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from mlffbench.harness.error_sums import Spread, jackknife
from mlffbench.report.statistics.moderated import moderated
from mlffbench.report.statistics.samples import KNOWN, UNKNOWN, ErrorSample, seed_spread

__all__ = ["DIFFERENCE", "RELATIVE", "Contrast", "Spreads", "spreads"]

SHARE = 0.5  # weight of what all pairs have in common: m methods make more pairs than independent estimates


class Contrast(NamedTuple):
    """Function of two errors, odd under their exchange, and how it changes with the logarithm of the first.

    `of` is elementwise, `slopes` makes (m, m) of (m,) errors; for the second error it is the transpose.
    """

    of: Callable[[np.ndarray, np.ndarray], np.ndarray]
    slopes: Callable[[np.ndarray], np.ndarray]


def _relative(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Differences of errors over their sums; 0 of two zeros."""
    return np.where((one == 0) & (other == 0), 0.0, (one - other) / (one + other))


DIFFERENCE = Contrast(np.subtract, lambda errors: np.repeat(errors[:, None], len(errors), axis=1))
RELATIVE = Contrast(_relative, lambda errors: (1.0 - _relative(errors[:, None], errors) ** 2) / 2.0)


class Spreads(NamedTuple):
    """Variances of a contrast of m methods, (m, m) arrays; NaN where that of an error is not known.

    Attributes
    ----------
    frames, frames_freedom : (m, m) arrays
        Variance over test frames, and its degrees of freedom.
    seeds, seeds_freedom : (m, m) arrays
        Variance over seeds beyond that.
    is_paired : (m, m) array
        True where errors on common clusters of test frames were compared.
    """

    frames: np.ndarray
    frames_freedom: np.ndarray
    seeds: np.ndarray
    seeds_freedom: np.ndarray
    is_paired: np.ndarray

    @property
    def variance(self) -> np.ndarray:
        return np.asarray(self.frames + self.seeds)

    def half_width(self, level: float) -> np.ndarray:
        """t(ν) √V, with the degrees of freedom of Welch and Satterthwaite."""
        parts = self.frames**2 / self.frames_freedom + self.seeds**2 / self.seeds_freedom
        freedom = np.where(parts > 0, self.variance**2 / parts, KNOWN)
        return np.asarray(stdtrit(freedom, (1 + level) / 2) * np.sqrt(self.variance))

    def p_value(self, contrast: np.ndarray) -> np.ndarray:
        """Two-sided p-values of contrasts: Student's for either variance, averaged with their shares.

        In far tails, where Holm's correction looks, ν of Welch and Satterthwaite forgets that a variance over
        a few seeds may be small by chance. Cochran and Cox average the quantiles in the same way.

        References
        ----------
        W. G. Cochran and G. M. Cox, Experimental Designs, Wiley (1950), section 4.14.
        """
        t = -np.abs(np.where(contrast == 0, 0.0, contrast / np.sqrt(self.variance)))  # one number: equal
        t[np.isnan(self.variance)] = np.nan
        share = np.where(self.variance > 0, self.seeds / self.variance, 0.0)
        tails = (1 - share) * stdtr(self.frames_freedom, t) + share * stdtr(self.seeds_freedom, t)
        return np.asarray(2.0 * tails)


def spreads(samples: Sequence[ErrorSample], contrast: Contrast) -> tuple[np.ndarray, Spreads]:
    """Contrasts of each method with each other, (m, m), and their variances."""
    values = np.array([sample.value for sample in samples], dtype=float)
    slopes = contrast.slopes(values)
    frames, of_frames, is_paired = _frames(samples, contrast, slopes)
    seeds, of_seeds = _moderated(samples, *_seeds(samples, contrast, slopes), slopes)
    has_own_frames = np.array([len(sample.without) > 1 for sample in samples], dtype=bool)
    counted = has_own_frames[:, None] | has_own_frames[None, :]  # in the variance over seeds, too
    own = np.where(counted, np.maximum(0.0, seeds - frames), seeds)
    return contrast.of(values[:, None], values), Spreads(frames, of_frames, own, of_seeds, is_paired)


def _frames(
    samples: Sequence[ErrorSample], contrast: Contrast, slopes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variance over test frames of a contrast, its degrees of freedom, and where it is paired."""
    variance, freedom = _independent([sample.frames for sample in samples], slopes)
    is_paired = np.zeros(variance.shape, dtype=bool)
    for own in _alike([(s.keys, s.weights) if s.without else None for s in samples]):
        block = np.ix_(own, own)
        variance[block], freedom[block] = _jackknifed([samples[i] for i in own], contrast)
        is_paired[block] = True
    return variance, freedom, is_paired


def _independent(single: Sequence[Spread], slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variances of a contrast of independent errors whose logarithms have these spreads, and freedoms."""
    variances, freedoms = (np.array([getattr(own, k) for own in single]) for k in ("variance", "freedom"))
    one, other = slopes**2 * variances[:, None], slopes.T**2 * variances[None, :]
    return one + other, (one + other) ** 2 / (one**2 / freedoms[:, None] + other**2 / freedoms)


def _jackknifed(samples: Sequence[ErrorSample], contrast: Contrast) -> tuple[np.ndarray, np.ndarray]:
    """Variances of a contrast of methods with common clusters, and their degrees of freedom."""
    one, other = np.triu_indices(len(samples), 1)
    total, weight = np.zeros(len(one)), np.zeros(len(one))
    for k, share in enumerate(samples[0].weights):
        each = np.array([sample.without[k] for sample in samples])
        variance, freedom = jackknife(contrast.of(each[one], each[other]))
        total += share**2 * variance
        weight += (share**2 * variance) ** 2 / freedom
    freedoms = np.where(weight > 0, total**2 / weight, KNOWN)
    return _symmetric(total, len(samples), 0.0), _symmetric(freedoms, len(samples), KNOWN)


def _symmetric(entries: np.ndarray, n: int, diagonal: float) -> np.ndarray:
    """Symmetric (n, n) matrix of the entries above its diagonal, row by row."""
    matrix = np.full((n, n), diagonal)
    above = np.triu_indices(n, 1)
    matrix[above] = matrix.T[above] = entries
    return matrix


def _seeds(
    samples: Sequence[ErrorSample], contrast: Contrast, slopes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Variance over seeds of a contrast, and its degrees of freedom."""
    variance, freedom = _independent([_seeds_of_one(sample) for sample in samples], slopes)
    for own in _alike([s.seeds if len(s.seeds) > 1 else None for s in samples]):
        values = np.array([samples[i].values for i in own])
        block = np.ix_(own, own)
        variance[block] = np.var(contrast.of(values[:, None], values), axis=-1, ddof=1) / values.shape[1]
        freedom[block] = values.shape[1] - 1.0
    return variance, np.where(np.isfinite(freedom), freedom, KNOWN)


def _seeds_of_one(sample: ErrorSample) -> Spread:
    """Spread over seeds of an error over its mean, which is that of its logarithm and may be 0."""
    relative = sample.values / sample.value if sample.value else sample.values
    return seed_spread(relative, UNKNOWN, shared=True)


def _moderated(
    samples: Sequence[ErrorSample], variance: np.ndarray, freedom: np.ndarray, slopes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Variances over seeds, moderated in units of those of two independent errors that spread alike."""
    pairs = np.triu_indices(len(samples), 1)
    scale = (slopes**2 + slopes.T**2)[pairs]
    unit = np.where(scale > 0, scale, 1.0)
    most = sum(len(sample.values) - 1.0 for sample in samples)
    drawn, freedoms = moderated(variance[pairs] / unit, freedom[pairs], most, SHARE)
    return _symmetric(unit * drawn, len(samples), 0.0), _symmetric(freedoms, len(samples), KNOWN)


def _alike(keys: Sequence[Any]) -> list[list[int]]:
    """Places of equal keys, where there are two or more; None is equal to none."""
    places: dict[Any, list[int]] = {}
    for i, key in enumerate(keys):
        if key is not None:
            places.setdefault(key, []).append(i)
    return [own for own in places.values() if len(own) > 1]
