"""Holm's correction of p-values for several tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["holm"]


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Adjusted p-values: max over j ≤ i of (n − j + 1) p₍j₎, 1 at most, in the order given.

    Parameters
    ----------
    p_values : (n,) array
        NaN for a test that could not be made, which stays NaN and does not count.

    Returns
    -------
    (n,) array

    References
    ----------
    S. Holm, Scand. J. Stat. 6, 65 (1979). The same as ``multipletests(method="holm")`` of statsmodels.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(6).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    scaled = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
    return adjusted
