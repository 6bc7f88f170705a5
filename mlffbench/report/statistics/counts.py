"""Shares of counts with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.special import betaincinv

from mlffbench.harness.error_sums import NORMAL
from mlffbench.report.quantities.quantity import Quantity
from mlffbench.report.statistics.estimates import t_quantile

__all__ = ["count_interval", "count_text", "counted_text", "effective_trials"]


@lru_cache(maxsize=4096)
def count_interval(k: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Interval of a probability of which `k` of `n` independent cases speak, after Clopper and Pearson.

    Of none and of all only one side is unknown: [0, 1 − 0.05^(1/n)], about 3/n (the rule of three), and
    [0.05^(1/n), 1].

    Parameters
    ----------
    k, n : float
        0 ≤ k ≤ n, n ≥ 1; of effective numbers of cases not whole.

    References
    ----------
    C. J. Clopper and E. S. Pearson, Biometrika 26, 404 (1934); J. A. Hanley and A. Lippman-Hand, JAMA 249,
    1743 (1983).

    Examples
    --------
    >>> [round(x, 3) for x in count_interval(0, 32)], [round(x, 3) for x in count_interval(8, 32)]
    ([0.0, 0.089], [0.115, 0.434])
    """
    if not 0 <= k <= n or n < 1:
        raise ValueError(f"{k} of {n} is no count: it must be 0 to n of n, n at least 1")
    if k in (0, n):
        edge = float((1 - level) ** (1 / n))
        return (0.0, 1 - edge) if k == 0 else (edge, 1.0)
    tail = (1 - level) / 2
    return float(betaincinv(k, n - k + 1, tail)), float(betaincinv(k + 1, n - k, 1 - tail))


def effective_trials(shares: Sequence[float], trials: Sequence[float]) -> float:
    """Number of independent trials that those of several seeds are worth: N/(1 + r) · (1.96/t(ν))².

    The trials of one seed share its model, so they may succeed or fail together. r = n s²/(p(1 − p)), with s²
    the variance over seeds of the shares p of n trials each, is 1 on average for independent trials. The
    variance between seeds, known badly from few, is added to the binomial one, which it holds: with
    ν = (S − 1)(1 + 1/r)² degrees of freedom, after Welch and Satterthwaite. None or all of the trials show no
    spread, and N/2 of them count, of two seeds those of one. Never fewer than the number of seeds S count,
    and never more than N = S n.

    Parameters
    ----------
    shares, trials : sequences of float
        One entry a seed; of unequal numbers of trials n is the harmonic mean.

    References
    ----------
    E. L. Korn and B. I. Graubard, Survey Methodology 24, 193 (1998), for effective numbers in the interval of
    Clopper and Pearson.

    Examples
    --------
    >>> effective_trials([1.0, 0.0, 0.0], [32, 32, 32])  # three models, of which one fails
    3.0
    >>> effective_trials([0.0, 0.0, 0.0], [32, 32, 32])
    48.0
    """
    n_seeds, p = len(shares), float(np.mean(shares))
    n = n_seeds / sum(1 / own for own in trials)
    if n_seeds == 1:
        return n
    if not 0 < p < 1:
        return n_seeds * max(n / 2, 1.0)
    r = max(n * float(np.var(shares, ddof=1)) / (p * (1 - p)), 1e-3)
    t = t_quantile(0.95, (n_seeds - 1) * (1 + 1 / r) ** 2)
    return n_seeds * min(max(n / (1 + r) * (NORMAL / t) ** 2, 1.0), n)


def count_text(k: int, n: int, effective: float | None = None, note: str = "") -> str:
    """``0 of 32 (≤ 0.09)``, ``8 of 32 (0.11 to 0.43)``, ``32 of 32 (≥ 0.91)``.

    Parameters
    ----------
    k, n : int
    effective : float, optional
        Number of independent trials that the interval is of; by default `n`.
    note : str
        Words behind the interval.

    Examples
    --------
    >>> count_text(0, 32), count_text(8, 32), count_text(32, 32)
    ('0 of 32 (≤ 0.09)', '8 of 32 (0.11 to 0.43)', '32 of 32 (≥ 0.91)')
    >>> count_text(32, 96, effective=3, note=", 3 seeds")
    '32 of 96 (0.01 to 0.91, 3 seeds)'
    """
    worth = n if effective is None else effective
    low, high = count_interval(worth if k == n else k / n * worth, worth)
    bounds = f"≤ {high:.2f}" if k == 0 else f"≥ {low:.2f}" if k == n else f"{low:.2f} to {high:.2f}"
    return f"{k} of {n} ({bounds}{note})"


def counted_text(
    entry: Quantity | None, value: float, trials: float, seeds: int = 1, effective: float | None = None
) -> str:
    """Return a count with its number of trials; '' for no count, or one whose trials are unknown.

    Independent trials have the interval of their share, ``0 of 32 (≤ 0.09)``; bonds, modes or pairs of one
    result are no sample: ``1 of 21``. The trials of several seeds are counted together, and their interval
    holds the spread between the seeds.

    Parameters
    ----------
    value : float
        Mean over the seeds, in the unit of documents.
    trials : float
        Of all seeds; NaN where it is not known.
    effective : float, optional
        See `effective_trials`; by default all.
    """
    if entry is None or not entry.counted or not math.isfinite(value) or not trials >= 1:
        return ""
    count, n = value * (trials if entry.is_share else seeds), int(trials)
    if abs(count - round(count)) > 1e-6 * n or not 0 <= round(count) <= n:
        return ""
    if entry.counted != "trials":
        return f"{round(count)} of {n}"
    return count_text(round(count), n, effective, f", {seeds} seeds" if seeds > 1 else "")
