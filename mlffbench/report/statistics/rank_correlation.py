"""Rank correlation over methods, within problems, with an interval, a partial correlation and a p-value."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

__all__ = ["FEWEST", "RankCorrelation", "rank_correlation"]

FEWEST = 5  # units, below which a correlation says nothing
N_RESAMPLES, N_PERMUTATIONS = 1000, 9999
NONE = (np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan)
UNDEFINED = 0.05  # share of resamples without a correlation, above which there is no interval


class RankCorrelation(NamedTuple):
    """Spearman's ρ with 95 % interval, ρ at fixed third number with interval, p-value; NaN where undefined.

    `n_blocks` is the number of blocks that tell units apart, `n_units` that of the units with both numbers
    there.
    """

    rho: float
    low: float
    high: float
    partial: float
    partial_low: float
    partial_high: float
    p_value: float
    n_units: int
    n_blocks: int


def rank_correlation(x: np.ndarray, y: np.ndarray, given: np.ndarray | None = None) -> RankCorrelation:
    """Correlate two numbers of units by their ranks within blocks.

    With one block ρ is Spearman's. With several, ranks (over their number) are centred within each block and
    correlated over all of them, so that differences between blocks do not count [1]_; a block in which all
    units have the same x, or y, counts for nothing. The interval is the 2.5 and 97.5 % percentile of 1000
    bootstrap samples of the units, each with all its blocks, in which the ranks are taken anew; it is NaN
    where over 5 % of the samples have no ρ, as when fewer than three units differ from all others. The
    p-value is two-sided, of 9999 random permutations of the units (fixed seeds).

    Parameters
    ----------
    x, y, given : (n_units,) or (n_blocks, n_units) arrays
        NaN for a number that is missing, ∞ is the largest. `given` is the number that the partial correlation

            (ρ_xy − ρ_xg ρ_yg) / √((1 − ρ_xg²)(1 − ρ_yg²))

        holds fixed; it is taken over the units that have all three.

    References
    ----------
    .. [1] J. M. G. Taylor, Biometrics 43, 409 (1987), on rank correlation with a blocking variable.

    Examples
    --------
    >>> result = rank_correlation(np.array([1, 2, 3, 4, 5, 6.0]), np.array([1, 4, 9, 16, 25, 36.0]))
    >>> result.rho, result.n_units
    (1.0, 6)
    """
    values = [np.atleast_2d(np.asarray(v, dtype=float)) for v in (x, y, given) if v is not None]
    blocks = np.array([_tells_apart(*block) for block in zip(*values[:2], strict=True)], dtype=bool)
    known = ~np.isnan(np.array(values[:2])).any(axis=0)
    units = known[blocks].any(axis=0) if blocks.any() else known.any(axis=0)
    n_units, n_blocks = int(units.sum()), int(blocks.sum())
    if n_units < FEWEST or not n_blocks:
        return RankCorrelation(*NONE, n_units, n_blocks)
    x, y, *third = (v[np.ix_(blocks, units)] for v in values)
    ones, weights = np.ones((1, n_units)), _multiplicities(n_units)
    rho = float(_rho(_covariances([x, y], ones))[0])
    interval = _interval(_rho(_covariances([x, y], weights)))
    partial = _partial_of([x, y, *third], ones, weights) if third else (np.nan,) * 3
    return RankCorrelation(rho, *interval, *partial, _p_value(x, y), n_units, n_blocks)


def _partial_of(
    values: Sequence[np.ndarray], ones: np.ndarray, weights: np.ndarray
) -> tuple[float, float, float]:
    """Partial correlation and its interval; NaN with fewer than `FEWEST` units."""
    complete = ~np.isnan(np.array(values)).any(axis=0)
    value = float(_partial(_covariances(values, ones))[0])
    if complete.any(axis=0).sum() < FEWEST or np.isnan(value):
        return np.nan, np.nan, np.nan
    return value, *_interval(_partial(_covariances(values, weights)))


# ---------------------------------------------------------------- ranks
def _tells_apart(x: np.ndarray, y: np.ndarray) -> bool:
    """True if both numbers differ between the units that have both."""
    known = ~np.isnan(x) & ~np.isnan(y)
    return all(len(np.unique(values[known])) > 1 for values in (x, y))


def _covariances(values: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Sums over blocks of products of centred ranks, (B, k, k).

    `weights` (B, n_units) says how often a sample holds each unit; units that lack a value in a block are
    left out there, blocks without two different values of each number in a sample are left out of it.
    """
    k = len(values)
    sums = np.zeros((len(weights), k, k))
    for block in zip(*values, strict=True):
        known = ~np.isnan(np.array(block)).any(axis=0)
        own = weights[:, known]
        ranks = [_centred_ranks(numbers[known], own) for numbers in block]
        products = np.zeros_like(sums)
        for i, j in combinations_with_replacement(range(k), 2):
            products[:, i, j] = products[:, j, i] = np.einsum("bn,bn,bn->b", own, ranks[i], ranks[j])
        variances = np.diagonal(products, axis1=1, axis2=2)
        sums += np.where(np.min(variances, axis=1)[:, None, None] > 1e-12, products, 0.0)
    return sums


def _centred_ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Ranks over their number less the mean, (B, n), in samples that hold each value `weights` times.

    Equal values share the mean of their ranks.
    """
    below = (values[:, None] < values) + 0.5 * (values[:, None] == values)
    total = np.maximum(weights.sum(axis=1, keepdims=True), 1.0)
    ranks = weights @ below / total
    return ranks - np.einsum("bn,bn->b", weights, ranks)[:, None] / total


def _rho(covariances: np.ndarray, i: int = 0, j: int = 1) -> np.ndarray:
    """Correlation of numbers i and j, (B,); NaN where one of them does not vary."""
    c = covariances
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip(c[:, i, j] / np.sqrt(c[:, i, i] * c[:, j, j]), -1.0, 1.0)


def _partial(covariances: np.ndarray) -> np.ndarray:
    """Correlation of the first two numbers at fixed third, (B,); NaN where the third fixes one of them."""
    xy, xz, yz = (_rho(covariances, i, j) for i, j in ((0, 1), (0, 2), (1, 2)))
    left = (1 - xz**2) * (1 - yz**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(left > 1e-9, np.clip((xy - xz * yz) / np.sqrt(left), -1.0, 1.0), np.nan)


# ---------------------------------------------------------------- uncertainty
def _interval(samples: np.ndarray) -> tuple[float, float]:
    defined = samples[~np.isnan(samples)]
    if len(defined) < (1 - UNDEFINED) * len(samples):
        return np.nan, np.nan
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


def _p_value(x: np.ndarray, y: np.ndarray) -> float:
    """Share of permutations of the units with a covariance at least as large, the data counted as one."""
    n = x.shape[1]
    products = np.zeros((n, n))
    for a, b in zip(x, y, strict=True):
        known = ~np.isnan(a) & ~np.isnan(b)
        ranks = [_centred_ranks(values[known], np.ones((1, int(known.sum()))))[0] for values in (a, b)]
        products[np.ix_(known, known)] += np.outer(*ranks)
    permuted = products.ravel().take(_permutations(n)).sum(axis=1)
    extreme = np.abs(permuted) >= abs(np.trace(products)) - 1e-9
    return float((1 + extreme.sum()) / (1 + len(permuted)))


@lru_cache(maxsize=32)
def _multiplicities(n: int) -> np.ndarray:
    """Numbers of times that bootstrap samples hold each of n units, (N_RESAMPLES, n)."""
    return np.random.default_rng(n).multinomial(n, np.full(n, 1 / n), N_RESAMPLES).astype(float)


@lru_cache(maxsize=32)
def _permutations(n: int) -> np.ndarray:
    """Random permutations of n units as places in a flat (n, n) array, (N_PERMUTATIONS, n)."""
    order = np.broadcast_to(np.arange(n), (N_PERMUTATIONS, n))
    return np.random.default_rng(n).permuted(order, axis=1) + n * np.arange(n)
