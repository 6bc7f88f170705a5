"""Split by clusters in SOAP space: hold out unnamed kinds of structures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import Interval

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.groups import frames_of_groups, hold_out_test
from mlffbench.splits.common.soap_space import soap_space
from mlffbench.system.ranges import Count, Group, Order, ShareBelowOne, SoapCutoff

__all__ = ["clusters"]


def clusters(
    dataset: Dataset,
    seed: int = 0,
    n_clusters: Annotated[int, Interval(ge=2, le=10_000)] = 5,
    n_tests: Count = 1,
    test_fraction: ShareBelowOne = 0.1,
    groups: Group | Sequence[Group] | None = None,
    cutoff: SoapCutoff = 5.0,
    n_max: Count = 4,
    l_max: Order = 3,
    max_frames: Count = 20_000,
) -> Split:
    """Test on whole clusters of similar structures (k-means in SOAP space), train on the other clusters.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Seed of k-means, of the choice of test clusters, and of the frames held out for ``in_domain``.
    n_clusters : int
        Number of clusters; ``cluster_0`` is the largest.
    n_tests : int
        Number of clusters, drawn at random, that are tests.
    test_fraction : float
        Share of the training frames held out as the test ``in_domain``; 0 for none.
    groups : list of str, optional
        Use only these values of the column ``group``.
    cutoff : float
        Cutoff of SOAP, Å.
    n_max, l_max : int
        Radial and angular basis size of SOAP.
    max_frames : int
        Largest number of frames; more are refused.

    Raises
    ------
    ValueError
        Too many frames, too few different ones, or no cluster left to train on.
    """
    if not 1 <= n_tests < n_clusters:
        raise ValueError(
            f"n_tests must be from 1 to {n_clusters - 1}, fewer than the clusters; got {n_tests}"
        )
    frames = frames_of_groups(dataset, groups)
    label = _labels(soap_space(dataset, frames, cutoff, n_max, l_max, max_frames), n_clusters, seed)
    left_out = np.sort(np.random.default_rng(seed).permutation(n_clusters)[:n_tests])
    indices = frames[~np.isin(label, left_out)]
    held = hold_out_test(indices, test_fraction, seed, "the other clusters")
    tests = {"in_domain": held} if len(held) else {}
    tests |= {f"cluster_{c}": frames[label == c] for c in left_out}
    notes: dict[str, Any] = {"cluster_sizes": np.bincount(label).tolist()}
    return Split(np.setdiff1d(indices, held), tests, "in_domain" if len(held) else None, notes)


def _labels(points: np.ndarray, n_clusters: int, seed: int) -> np.ndarray:
    """Cluster of each point, numbered by falling size; clusters of equal size by their first frame."""
    from sklearn.cluster import KMeans

    n_different = len(np.unique(np.round(points, 9), axis=0))
    if n_different < n_clusters:
        raise ValueError(
            f"cannot form {n_clusters} clusters of {len(points)} frames at {n_different} places in SOAP space"
        )
    label = KMeans(n_clusters, n_init=10, random_state=seed).fit_predict(points)
    first = [int(np.argmax(label == c)) for c in range(n_clusters)]
    order = sorted(range(n_clusters), key=lambda c: (-int(np.sum(label == c)), first[c]))
    return np.argsort(order)[label]
