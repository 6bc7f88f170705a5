"""Ranges of ranks from paired comparisons."""

from __future__ import annotations

import numpy as np

from mlffbench.report.statistics.holm import holm

__all__ = ["better_than", "rank_ranges"]


def better_than(difference: np.ndarray, p_values: np.ndarray, level: float = 0.05) -> np.ndarray:
    """Matrix that is True where the error of a row is less than that of a column, with Holm's correction.

    Parameters
    ----------
    difference : (m, m) array
        Error of the row minus error of the column.
    p_values : (m, m) array
        Two-sided, symmetric; NaN where two methods cannot be compared.
    level : float
        Probability of one false statement or more among all pairs, at most.
    """
    upper = np.triu_indices(len(p_values), 1)
    adjusted = np.full(p_values.shape, np.nan)
    adjusted[upper] = holm(p_values[upper])
    adjusted.T[upper] = adjusted[upper]
    with np.errstate(invalid="ignore"):
        return np.asarray((adjusted <= level) & (difference < 0))


def rank_ranges(better: np.ndarray) -> list[tuple[int, int]]:
    """The range of ranks that each of m methods can claim.

        best rank  = 1 + number of methods that are better
        worst rank = m − number of methods that are worse

    A method that cannot be compared with another is neither better nor worse than it.

    Parameters
    ----------
    better : (m, m) array
        Result of `better_than`.

    Examples
    --------
    >>> import numpy as np
    >>> better = better_than(np.array([[0, -1, -9], [1, 0, -8], [9, 8, 0.0]]),
    ...                      np.array([[1, 0.3, 1e-4], [0.3, 1, 1e-4], [1e-4, 1e-4, 1]]))
    >>> rank_ranges(better)
    [(1, 2), (1, 2), (3, 3)]
    """
    n = len(better)
    return [(1 + int(better[:, i].sum()), n - int(better[i].sum())) for i in range(n)]
