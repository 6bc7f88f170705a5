"""Comparison of methods over datasets: mean ranks, Friedman's test, critical differences, win rates."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import numpy as np
from scipy.special import stdtrit
from scipy.stats import friedmanchisquare, rankdata, studentized_range, wilcoxon

from mlffbench.report.statistics.holm import holm

__all__ = [
    "FEWEST", "AcrossProblems", "across_problems", "averaged", "critical_difference", "mean_rank_bounds",
    "missing_cells",
]  # fmt: skip

N_RESAMPLES = 2000
Name = TypeVar("Name")  # of a problem
FEWEST = 5  # datasets, below which there is no test and no interval


@dataclass(frozen=True, eq=False)
class AcrossProblems:
    """Comparison of m methods that have an error on each problem, over n datasets.

    Attributes
    ----------
    methods : tuple of str
        By mean rank, best first; those with a missing cell are in `missing` instead.
    n_datasets : int
    mean_ranks : (m,) array
        Mean over the datasets of the mean rank on the problems of each.
    bounds : (m, 2) array
        95 % intervals of the mean ranks over datasets, see `mean_rank_bounds`.
    p_best : (m,) array
        Share of bootstrap samples of the datasets (2000, fixed seed) in which the method has the least mean
        rank; ties are shared.
    win_rates : (m, m) array
        Share of the datasets on which the row's rank is smaller than the column's; ties count half.
    statistic, p_value : float
        Friedman's χ² and its p-value; of two methods Wilcoxon's; NaN without a test.
    critical_difference : float
        Nemenyi's, of mean ranks, at 5 %; NaN where no pairs are tested, and of two methods.
    p_pairs : (m, m) array
        p-values of the pairs: Wilcoxon's signed-rank test with Holm's correction, or Nemenyi's. NaN where
        Friedman's test finds no difference: then no pair is tested.
    cliques : tuple of tuple of int
        Largest sets of neighbouring methods that are not told apart, for a critical-difference diagram.
    missing : mapping of str to tuple of str
        Problems without an error, by method.
    reason : str
        Why no test was made; '' if one was.
    """

    methods: tuple[str, ...]
    n_datasets: int
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
    datasets: Sequence[Hashable] | None = None,
    posthoc: str = "nemenyi",
    level: float = 0.05,
) -> AcrossProblems:
    """Compare methods over problems by the ranks of their errors.

    Problems on one dataset, as the sizes of a learning curve, are not independent: the ranks on them are
    averaged, and the dataset counts once. Two methods are compared by Wilcoxon's test; of more, pairs are
    tested only where Friedman's test finds a difference.

    The rule of missing cells: a method without an error on one of the problems has no mean rank and takes
    part in no test; it is named with the problems that it lacks. It is neither given the worst rank nor left
    out in silence, and no problem is dropped for it.

    Parameters
    ----------
    errors : (k, m) array
        Of k problems and m methods; NaN where missing. Only ranks within a row count, but for Wilcoxon's
        test, which compares the means of ln(error) on each dataset.
    methods, problems : sequences of m and k names
    datasets : sequence of k keys, optional
        The data of each problem, equal for problems on the same data. By default each has its own.
    posthoc : {"nemenyi", "wilcoxon"}
        Test of the pairs of three methods or more.
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
    groups = list(problems if datasets is None else datasets)
    values = values[:, complete]
    ranks = averaged(rankdata(values, axis=1) if values.size else values, groups)
    mean = ranks.mean(axis=0) if len(ranks) else np.zeros(len(complete))
    order = np.argsort(mean, kind="stable")
    with np.errstate(divide="ignore", invalid="ignore"):  # a perfect method's is −∞
        logs = averaged(np.log(values), groups)
    names = [methods[complete[i]] for i in order]
    return _compared(ranks[:, order], mean[order], logs[:, order], names, missing, posthoc, level)


def _compared(
    ranks: np.ndarray,
    mean: np.ndarray,
    logs: np.ndarray,
    methods: Sequence[str],
    missing: Mapping[str, tuple[str, ...]],
    posthoc: str,
    level: float,
) -> AcrossProblems:
    """Comparison of methods, best first, by their ranks and ln(error) on each dataset."""
    n, m = ranks.shape
    reason = _reason(n, m)
    statistic, p_value = (math.nan, math.nan) if reason else _omnibus(ranks, logs)
    tests_pairs = not reason and (m == 2 or p_value <= level)
    posthoc = posthoc if m > 2 else "wilcoxon"
    pairs = _pairs(ranks, logs, posthoc) if tests_pairs else np.full((m, m), math.nan)
    difference = critical_difference(m, n, level) if tests_pairs and m > 2 else math.nan
    cliques = () if reason else _cliques(~(pairs <= level))
    return AcrossProblems(
        tuple(methods), n, mean, mean_rank_bounds(ranks), _p_best(ranks), _win_rates(ranks), statistic,
        p_value, difference, pairs, cliques, missing, reason,
    )  # fmt: skip


def averaged(rows: np.ndarray, groups: Sequence[Hashable]) -> np.ndarray:
    """Means of the rows of each group, groups in the order in which they appear.

    Examples
    --------
    >>> averaged(np.array([[1.0, 2.0], [3.0, 3.0], [2.0, 1.0]]), ["Si", "Ge", "Si"]).tolist()
    [[1.5, 1.5], [3.0, 3.0]]
    """
    names = {name: place for place, name in enumerate(dict.fromkeys(groups))}
    places = np.array([names[name] for name in groups], dtype=int)
    means = [rows[places == place].mean(axis=0) for place in names.values()]
    return np.array(means).reshape(len(names), rows.shape[1])


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
    """Nemenyi's critical difference of the mean ranks of m methods on n datasets: q √(m(m + 1)/(6n)).

    q is the quantile of the studentized range of m means and infinite degrees of freedom, over √2.

    Examples
    --------
    >>> round(critical_difference(5, 30), 3)  # q = 2.728, Demšar's table 5
    1.114
    """
    q = float(studentized_range.ppf(1 - level, m, np.inf)) / math.sqrt(2.0)
    return q * math.sqrt(m * (m + 1) / (6.0 * n))


def mean_rank_bounds(ranks: np.ndarray, level: float = 0.95) -> np.ndarray:
    """Intervals of mean ranks over the datasets: mean ± t(n − 1) s/√n, within 1 and m.

    The datasets are taken for a sample. NaN with fewer than 5 of them, and for a method that has the same
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
    count = f"{n} datasets" if n > 1 else "one dataset"
    return f"{count}, fewer than {FEWEST}: no test over datasets and no interval"


def _omnibus(ranks: np.ndarray, logs: np.ndarray) -> tuple[float, float]:
    """Friedman's test; of two methods, Wilcoxon's."""
    if ranks.shape[1] == 2:
        return _wilcoxon(logs[:, 0], logs[:, 1])
    if (ranks == ranks[:, :1]).all():
        return 0.0, 1.0
    result = friedmanchisquare(*ranks.T)
    return float(result.statistic), float(result.pvalue)


def _wilcoxon(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Wilcoxon's signed-rank test without zero differences."""
    differences = np.array([x - y for x, y in zip(a, b, strict=True) if x != y]).round(9)  # ties are ties
    if not differences.any():
        return 0.0, 1.0
    result = wilcoxon(differences[differences != 0])
    return float(result.statistic), float(result.pvalue)


def _pairs(ranks: np.ndarray, logs: np.ndarray, posthoc: str) -> np.ndarray:
    """p-values of the pairs."""
    (n, m), mean = ranks.shape, ranks.mean(axis=0)
    pairs = list(combinations(range(m), 2))
    if posthoc == "nemenyi":
        scale = math.sqrt(m * (m + 1) / (6.0 * n)) / math.sqrt(2.0)
        p = np.array([studentized_range.sf(abs(mean[a] - mean[b]) / scale, m, np.inf) for a, b in pairs])
    else:
        p = holm([_wilcoxon(logs[:, a], logs[:, b])[1] for a, b in pairs])
    matrix = np.ones((m, m))
    for (a, b), value in zip(pairs, p, strict=True):
        matrix[a, b] = matrix[b, a] = value
    return matrix


def _p_best(ranks: np.ndarray) -> np.ndarray:
    """Probability of the least mean rank, over bootstrap samples of the datasets."""
    n, m = ranks.shape
    if not n or not m:
        return np.zeros(m)
    draws = np.random.default_rng(0).multinomial(n, np.full(n, 1.0 / n), size=N_RESAMPLES)
    means = draws @ ranks
    first = means <= means.min(axis=1, keepdims=True) + 1e-9
    return np.asarray((first / first.sum(axis=1, keepdims=True)).mean(axis=0))


def _win_rates(ranks: np.ndarray) -> np.ndarray:
    a, b = ranks[:, :, None], ranks[:, None, :]
    return np.asarray(((a < b) + 0.5 * (a == b)).mean(axis=0)) if len(ranks) else np.empty((0, 0))


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
