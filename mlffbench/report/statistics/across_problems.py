"""Comparison of methods over problems: mean ranks, Friedman's test, critical differences, win rates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import numpy as np
from scipy.special import stdtrit
from scipy.stats import friedmanchisquare, rankdata, studentized_range, wilcoxon

from mlffbench.report.statistics.holm import holm

__all__ = [
    "FEWEST", "AcrossProblems", "across_problems", "critical_difference", "mean_rank_bounds", "missing_cells",
]  # fmt: skip

N_RESAMPLES = 2000
Name = TypeVar("Name")  # of a problem
FEWEST = 5  # problems, below which there is no test and no interval


@dataclass(frozen=True, eq=False)
class AcrossProblems:
    """Comparison of m methods that have an error on each of n problems.

    Attributes
    ----------
    methods : tuple of str
        By mean rank, best first; those with a missing cell are in `missing` instead.
    n_problems : int
    mean_ranks : (m,) array
    bounds : (m, 2) array
        95 % intervals of the mean ranks over problems, see `mean_rank_bounds`.
    p_best : (m,) array
        Share of bootstrap samples of the problems (2000, fixed seed) in which the method has the least mean
        rank; ties are shared.
    win_rates : (m, m) array
        Share of the problems on which the row's error is smaller than the column's; ties count half.
    statistic, p_value : float
        Friedman's χ² and its p-value; of two methods Wilcoxon's; NaN without a test.
    critical_difference : float
        Nemenyi's, of mean ranks, at 5 %.
    p_pairs : (m, m) array
        p-values of the pairs: Wilcoxon's signed-rank test with Holm's correction, or Nemenyi's.
    cliques : tuple of tuple of int
        Largest sets of neighbouring methods that are not told apart, for a critical-difference diagram.
    missing : mapping of str to tuple of str
        Problems without an error, by method.
    reason : str
        Why no test was made; '' if one was.
    """

    methods: tuple[str, ...]
    n_problems: int
    mean_ranks: np.ndarray
    bounds: np.ndarray
    p_best: np.ndarray
    win_rates: np.ndarray
    statistic: float
    p_value: float
    critical_difference: float
    p_pairs: np.ndarray
    cliques: tuple[tuple[int, ...], ...]
    missing: Mapping[str, tuple[str, ...]]
    reason: str = ""


def across_problems(
    errors: np.ndarray,
    methods: Sequence[str],
    problems: Sequence[str],
    posthoc: str = "nemenyi",
    level: float = 0.05,
) -> AcrossProblems:
    """Compare methods over problems by the ranks of their errors.

    The rule of missing cells: a method without an error on one of the problems has no mean rank and takes
    part in no test; it is named with the problems that it lacks. It is neither given the worst rank nor left
    out in silence, and no problem is dropped for it.

    Parameters
    ----------
    errors : (n, m) array
        Of n problems and m methods; NaN where missing. Only ranks within a row count.
    methods, problems : sequences of m and n names
    posthoc : {"nemenyi", "wilcoxon"}
        Test of the pairs.
    level : float

    References
    ----------
    J. Demšar, J. Mach. Learn. Res. 7, 1 (2006); A. Benavoli, G. Corani and F. Mangili, ibid. 17, 1 (2016),
    for Wilcoxon's test in place of Nemenyi's, whose verdict on two methods depends on the others.
    """
    if posthoc not in ("nemenyi", "wilcoxon"):
        raise ValueError(f"posthoc must be 'nemenyi' or 'wilcoxon', not {posthoc!r}")
    values = np.asarray(errors, dtype=float).reshape(len(problems), len(methods))
    missing = missing_cells(values, methods, problems)
    complete = [i for i, name in enumerate(methods) if name not in missing]
    values = values[:, complete]
    ranks = rankdata(values, axis=1) if values.size else values
    mean = ranks.mean(axis=0) if values.size else np.zeros(len(complete))
    order = np.argsort(mean, kind="stable")
    values, ranks, mean = values[:, order], ranks[:, order], mean[order]
    n, m = values.shape
    reason = _reason(n, m)
    statistic, p_value = (math.nan, math.nan) if reason else _omnibus(values)
    difference = critical_difference(m, n, level) if m > 1 and n else math.nan
    pairs = np.full((m, m), math.nan) if reason else _pairs(values, mean, posthoc)
    alike = (np.abs(mean[:, None] - mean) <= difference) if posthoc == "nemenyi" else ~(pairs <= level)
    return AcrossProblems(
        tuple(methods[complete[i]] for i in order), n, mean, mean_rank_bounds(ranks), _p_best(ranks),
        _win_rates(values), statistic, p_value, difference, pairs, () if reason else _cliques(alike), missing,
        reason,
    )  # fmt: skip


def missing_cells(
    errors: np.ndarray, methods: Sequence[str], problems: Sequence[Name]
) -> dict[str, tuple[Name, ...]]:
    """Problems on which a method has no finite error, of the methods that lack one."""
    lacking = {
        method: tuple(
            name for name, value in zip(problems, errors[:, i], strict=True) if not np.isfinite(value)
        )
        for i, method in enumerate(methods)
    }
    return {method: names for method, names in lacking.items() if names}


def critical_difference(m: int, n: int, level: float = 0.05) -> float:
    """Nemenyi's critical difference of the mean ranks of m methods on n problems: q √(m(m + 1)/(6n)).

    q is the quantile of the studentized range of m means and infinite degrees of freedom, over √2.

    Examples
    --------
    >>> round(critical_difference(5, 30), 3)  # q = 2.728, Demšar's table 5
    1.114
    """
    q = float(studentized_range.ppf(1 - level, m, np.inf)) / math.sqrt(2.0)
    return q * math.sqrt(m * (m + 1) / (6.0 * n))


def mean_rank_bounds(ranks: np.ndarray, level: float = 0.95) -> np.ndarray:
    """Intervals of mean ranks over the problems: mean ± t(n − 1) s/√n, within 1 and m.

    The problems are taken for a sample. NaN with fewer than 5 of them, and for a method that has the same
    rank on all.

    Parameters
    ----------
    ranks : (n, m) array

    Returns
    -------
    (m, 2) array
    """
    n, m = ranks.shape
    if n < FEWEST or not m:
        return np.full((m, 2), math.nan)
    mean, spread = ranks.mean(axis=0), ranks.std(axis=0, ddof=1)
    half = np.where(spread > 0, float(stdtrit(n - 1, (1 + level) / 2)) * spread / math.sqrt(n), math.nan)
    return np.clip(np.column_stack([mean - half, mean + half]), 1, m)


def _reason(n: int, m: int) -> str:
    if m < 2:
        return "fewer than two methods have an error on every problem"
    if n >= FEWEST:
        return ""
    count = f"{n} problems" if n > 1 else "one problem"
    return f"{count}, fewer than {FEWEST}: no test over problems and no interval"


def _omnibus(values: np.ndarray) -> tuple[float, float]:
    """Friedman's test; of two methods, Wilcoxon's."""
    if values.shape[1] == 2:
        return _wilcoxon(values[:, 0], values[:, 1])
    result = friedmanchisquare(*values.T)
    return float(result.statistic), float(result.pvalue)


def _wilcoxon(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    if (a == b).all():
        return 0.0, 1.0
    result = wilcoxon(a, b)
    return float(result.statistic), float(result.pvalue)


def _pairs(values: np.ndarray, mean: np.ndarray, posthoc: str) -> np.ndarray:
    """p-values of the pairs."""
    n, m = values.shape
    pairs = list(combinations(range(m), 2))
    if posthoc == "nemenyi":
        scale = math.sqrt(m * (m + 1) / (6.0 * n)) / math.sqrt(2.0)
        p = np.array([studentized_range.sf(abs(mean[a] - mean[b]) / scale, m, np.inf) for a, b in pairs])
    else:
        p = holm([_wilcoxon(values[:, a], values[:, b])[1] for a, b in pairs])
    matrix = np.ones((m, m))
    for (a, b), value in zip(pairs, p, strict=True):
        matrix[a, b] = matrix[b, a] = value
    return matrix


def _p_best(ranks: np.ndarray) -> np.ndarray:
    """Probability of the least mean rank, over bootstrap samples of the problems."""
    n, m = ranks.shape
    if not n or not m:
        return np.zeros(m)
    draws = np.random.default_rng(0).multinomial(n, np.full(n, 1.0 / n), size=N_RESAMPLES)
    means = draws @ ranks
    first = means <= means.min(axis=1, keepdims=True) + 1e-9
    return np.asarray((first / first.sum(axis=1, keepdims=True)).mean(axis=0))


def _win_rates(values: np.ndarray) -> np.ndarray:
    a, b = values[:, :, None], values[:, None, :]
    return np.asarray(((a < b) + 0.5 * (a == b)).mean(axis=0)) if len(values) else np.empty((0, 0))


def _cliques(alike: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """Largest runs of neighbours, all of which are alike, of two methods or more."""
    runs: list[tuple[int, ...]] = []
    for start in range(len(alike)):
        end = start
        while end + 1 < len(alike) and alike[start : end + 2, start : end + 2].all():
            end += 1
        if end > start and not (runs and runs[-1][-1] >= end):
            runs.append(tuple(range(start, end + 1)))
    return tuple(runs)
