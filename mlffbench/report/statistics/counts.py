"""Shares of counts with their intervals."""

from __future__ import annotations

import math
from functools import lru_cache

from scipy.stats import binomtest

from mlffbench.report.quantities.quantity import Quantity

__all__ = ["count_interval", "count_text", "counted_text"]


@lru_cache(maxsize=4096)
def count_interval(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of a probability of which `k` of `n` independent cases speak, after Clopper and Pearson.

    Of none and of all only one side is unknown: [0, 1 − 0.05^(1/n)], about 3/n (the rule of three), and
    [0.05^(1/n), 1].

    Parameters
    ----------
    k, n : int
        0 ≤ k ≤ n, n ≥ 1.

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
    bounds = binomtest(k, n).proportion_ci(level, method="exact")
    return float(bounds.low), float(bounds.high)


def count_text(k: int, n: int) -> str:
    """``0 of 32 (≤ 0.09)``, ``8 of 32 (0.11 to 0.43)``, ``32 of 32 (≥ 0.91)``.

    Examples
    --------
    >>> count_text(0, 32), count_text(8, 32), count_text(32, 32)
    ('0 of 32 (≤ 0.09)', '8 of 32 (0.11 to 0.43)', '32 of 32 (≥ 0.91)')
    """
    low, high = count_interval(k, n)
    if k == 0:
        return f"0 of {n} (≤ {high:.2f})"
    return f"{n} of {n} (≥ {low:.2f})" if k == n else f"{k} of {n} ({low:.2f} to {high:.2f})"


def counted_text(entry: Quantity | None, value: float, trials: float, seeds: int = 1) -> str:
    """Return a count with its number of trials; '' for no count, or one whose trials are unknown.

    Independent trials have the interval of their share, ``0 of 32 (≤ 0.09)``; bonds, modes or pairs of one
    result are no sample: ``1 of 21``. The trials of several seeds are counted together.

    Parameters
    ----------
    value : float
        Mean over the seeds, in the unit of documents.
    trials : float
        Of all seeds; NaN where it is not known.
    """
    if entry is None or not entry.counted or not math.isfinite(value) or not trials >= 1:
        return ""
    count, n = value * (trials if entry.is_share else seeds), int(trials)
    if abs(count - round(count)) > 1e-6 * n or not 0 <= round(count) <= n:
        return ""
    return count_text(round(count), n) if entry.counted == "trials" else f"{round(count)} of {n}"
