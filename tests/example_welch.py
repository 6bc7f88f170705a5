"""Welch's t-test of the relative difference of two means, by scipy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import ttest_ind_from_stats


def welch_p_value(a: Sequence[float], b: Sequence[float]) -> float:
    """Two-sided p-value of (ā − b̄)/(ā + b̄), whose linear part is 2 (a b̄ − b ā)/(ā + b̄)²."""
    mean_a, mean_b = float(np.mean(a)), float(np.mean(b))
    total = mean_a + mean_b
    of_a, of_b = 2 * mean_b / total**2 * np.array(a), 2 * mean_a / total**2 * np.array(b)
    statistics = [f(own) for own in (of_a, of_b) for f in (np.mean, lambda own: np.std(own, ddof=1), len)]
    statistics[0] += (mean_a - mean_b) / total
    return float(ttest_ind_from_stats(*statistics, equal_var=False).pvalue)
