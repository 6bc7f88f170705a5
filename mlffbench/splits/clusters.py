"""Leave kinds of structures out that nobody has named: clusters in SOAP space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.groups import hold_out, pool
from mlffbench.splits.common.soap_space import soap_space

__all__ = ["clusters"]


def clusters(
    dataset: Dataset,
    seed: int = 0,
    n_clusters: int = 5,
    n_tests: int = 1,
    test_fraction: float = 0.1,
    groups: str | Sequence[str] | None = None,
    cutoff: float = 5.0,
    n_max: int = 4,
    l_max: int = 3,
    max_frames: int = 20_000,
) -> Split:
    """Whole k-means clusters in SOAP space are tests of their own; the other clusters train.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Of k-means, of the clusters that test, and of the frames held out for ``in_domain``.
    n_clusters : int
        Number of clusters: ``cluster_0`` the largest, and so on.
    n_tests : int
        How many of them, drawn at random, are left out of the training.
    test_fraction : float
        Share of the training frames held out as the test ``in_domain``; 0 for none.
    groups : list of str, optional
        Only these values of the column ``group``.
    cutoff : float
        Of SOAP, Å.
    n_max, l_max : int
        Of SOAP.
    max_frames : int
        More are refused.

    Raises
    ------
    ValueError
        Too many frames, too few different ones, or no cluster left to train on.
    """
    if not 1 <= n_tests < n_clusters:
        raise ValueError(
            f"n_tests must be from 1 to {n_clusters - 1}, fewer than the clusters; got {n_tests}"
        )
    frames = pool(dataset, groups)
    label = _labels(soap_space(dataset, frames, cutoff, n_max, l_max, max_frames), n_clusters, seed)
    left_out = np.sort(np.random.default_rng(seed).permutation(n_clusters)[:n_tests])
    indices = frames[~np.isin(label, left_out)]
    held = hold_out(indices, test_fraction, seed, "the other clusters")
    tests = {"in_domain": held} if len(held) else {}
    tests |= {f"cluster_{c}": frames[label == c] for c in left_out}
    notes: dict[str, Any] = {"cluster_sizes": np.bincount(label).tolist()}
    return Split(np.setdiff1d(indices, held), tests, "in_domain" if len(held) else None, notes)


def _labels(points: np.ndarray, n_clusters: int, seed: int) -> np.ndarray:
    """The cluster of each point, numbered by falling size; of equal sizes, by their first frame."""
    from sklearn.cluster import KMeans

    different = len(np.unique(np.round(points, 9), axis=0))
    if different < n_clusters:
        raise ValueError(
            f"cannot form {n_clusters} clusters of {len(points)} frames at {different} places in SOAP space"
        )
    label = KMeans(n_clusters, n_init=10, random_state=seed).fit_predict(points)
    first = [int(np.argmax(label == c)) for c in range(n_clusters)]
    order = sorted(range(n_clusters), key=lambda c: (-int(np.sum(label == c)), first[c]))
    return np.argsort(order)[label]
