"""Interval of an error over clusters of test frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlffbench.harness.error_sums import ErrorSums
from mlffbench.report.statistics.estimates import Estimate
from mlffbench.report.statistics.samples import ErrorSample, over_clusters

__all__ = ["interval"]


def interval(
    errors: Sequence[float] | np.ndarray, clusters: Sequence[Any] | np.ndarray, metric: str = "rmse"
) -> Estimate:
    """Root mean square or mean absolute error and its 95 % interval over clusters.

    Parameters
    ----------
    errors : (n,) array
        Predicted minus true values, of frames or of components.
    clusters : (n,) array
        Name of the cluster of each error: trajectory, group or block. Errors within one may be correlated in
        any way, those of two are independent.
    metric : {"rmse", "mae"}

    Returns
    -------
    Estimate
        value, low and high; NaN bounds and the reason with fewer than 5 clusters.

    Examples
    --------
    >>> interval([1.0, 1.0, 2.0, 2.0], ["a", "a", "b", "b"]).reason
    'fewer than 5 clusters of test frames'
    """
    return over_clusters(ErrorSample.of_sums([ErrorSums.of(errors, clusters)], metric))
