"""Welch's t-tests of two means, of their difference and of that over their sum, by scipy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import cauchy, ttest_ind_from_stats


def combined(*p_values: float) -> float:
    """Cauchy combination of p-values."""
    return float(cauchy.sf(np.mean(cauchy.isf(p_values))))


def welch_p_value(a: Sequence[float], b: Sequence[float]) -> float:
    """Two-sided p-values of ā − b̄ and of (ā − b̄)/(ā + b̄), linear part 2 (a b̄ − b ā)/(ā + b̄)², combined."""
    mean_a, mean_b = float(np.mean(a)), float(np.mean(b))
    total = mean_a + mean_b
    of_a, of_b = 2 * mean_b / total**2 * np.array(a), 2 * mean_a / total**2 * np.array(b)
    relative = _welch(of_a, of_b, (mean_a - mean_b) / total)
    return combined(_welch(np.array(a), np.array(b), mean_a - mean_b), relative)


def _welch(a: np.ndarray, b: np.ndarray, difference: float) -> float:
    spreads = [f(own) for own in (a, b) for f in (lambda own: np.std(own, ddof=1), len)]
    return float(ttest_ind_from_stats(difference, *spreads[:2], 0.0, *spreads[2:], equal_var=False).pvalue)
