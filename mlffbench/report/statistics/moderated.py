"""Variances of few values each, moderated by those of their like."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

__all__ = ["moderated"]

FEWEST = 6  # variances, below which too little is known of their spread


def moderated(
    variances: np.ndarray, freedoms: np.ndarray, most: float = np.inf, weight: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Variances drawn towards what they have in common, and their degrees of freedom.

    The true variances are taken as draws from d₀ s₀²/χ²(d₀), whose d₀ and s₀² follow from the mean and the
    variance of the logarithms of all estimates: s² becomes (d₀ s₀² + d s²)/(d₀ + d), with d₀ + d degrees of
    freedom. The more alike the estimates are, the more each counts on the others.

    Parameters
    ----------
    variances, freedoms : (n,) arrays
        Estimates s² and their degrees of freedom d. Those that are 0 or not finite stay as they are.
    most : float
        Degrees of freedom of all estimates together, which d₀ + d does not exceed.
    weight : float
        Factor of d₀; below 1 for estimates that depend on each other, and tell less of their spread.

    Returns
    -------
    variances, freedoms : (n,) arrays

    References
    ----------
    G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 3, 3 (2004), section 6.2.

    Examples
    --------
    >>> estimates = np.array([0.4, 0.6, 1.0, 1.5, 2.0, 20.0])
    >>> variances, freedoms = moderated(estimates, np.full(6, 4.0), most=24.0)
    >>> variances.round(1).tolist(), freedoms.round(1).tolist()
    ([0.7, 0.9, 1.1, 1.4, 1.7, 13.0], [6.4, 6.4, 6.4, 6.4, 6.4, 6.4])
    """
    drawn, total = np.array(variances, dtype=float), np.array(freedoms, dtype=float)
    own = np.isfinite(drawn) & (drawn > 0)
    if own.sum() < FEWEST:
        return drawn, total
    s2, d = drawn[own], total[own]
    d0, prior = _prior(s2, d)
    d0 = weight * np.clip(d0, 0.0, np.maximum(0.0, most - d))
    drawn[own], total[own] = (d0 * prior + d * s2) / (d0 + d), d0 + d
    return drawn, total


def _prior(s2: np.ndarray, d: np.ndarray) -> tuple[float, float]:
    """d₀ and s₀² of variances s² with d degrees of freedom; infinite d₀ where they differ by chance alone."""
    levels = np.log(s2) - digamma(d / 2) + np.log(d / 2)
    level, excess = float(levels.mean()), float(np.var(levels, ddof=1) - np.mean(polygamma(1, d / 2)))
    if excess <= 0:
        return np.inf, float(np.exp(level))
    d0 = 2 * _inverse_trigamma(excess)
    return d0, float(np.exp(level + digamma(d0 / 2) - np.log(d0 / 2)))


def _inverse_trigamma(value: float) -> float:
    """The x whose ψ′(x) is this value: as 1/x < ψ′(x) < 1/x + 1/x², from 1/value to 1/value + 1/√value."""
    return float(brentq(lambda x: polygamma(1, x) - value, 1 / value, 1 / value + 1 / np.sqrt(value)))
