"""Split by farthest-point sampling: the training frames cover SOAP space best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.groups import frames_of_groups, number_of_frames, random_subset
from mlffbench.splits.common.soap_space import soap_space
from mlffbench.system.ranges import Count, Group, Order, ShareOrNumber, SoapCutoff

__all__ = ["farthest_point"]


def farthest_point(
    dataset: Dataset,
    seed: int = 0,
    train: ShareOrNumber = 0.8,
    test: ShareOrNumber | None = None,
    groups: Group | Sequence[Group] | None = None,
    cutoff: SoapCutoff = 5.0,
    n_max: Count = 4,
    l_max: Order = 3,
    max_frames: Count = 20_000,
) -> Split:
    """Train on frames that cover SOAP space (farthest-point sampling), test on the rest.

    Each pick is the frame farthest from all picks before it, argmax_i min_j |p_i − p_j| (Gonzalez, Theor.
    Comput. Sci. 38, 293 (1985); for potentials Imbalzano et al., J. Chem. Phys. 148, 241730 (2018)). With one
    seed a smaller training set is part of a larger one. Training covers the edges, so the test interpolates:
    it is no in-domain test.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Seed of the first pick, and of the choice of test frames.
    train : float or int
        Training frames: a share (0.8) or a number of frames (800).
    test : float or int, optional
        Test frames, as `train`, drawn at random from the rest; by default all the rest.
    groups : list of str, optional
        Use only these values of the column ``group``.
    cutoff : float
        Cutoff of SOAP, Å.
    n_max, l_max : int
        Radial and angular basis size of SOAP.
    max_frames : int
        Largest number of frames; more are refused: time grows as frames × picks.

    Raises
    ------
    ValueError
        Too many frames, or nothing left to test on.
    """
    frames = frames_of_groups(dataset, groups)
    n_train = number_of_frames(train, len(frames), "train")
    if n_train == len(frames):
        raise ValueError(f"train={train!r} takes all {n_train} frames and leaves none to test on")
    n_test = len(frames) - n_train if test is None else number_of_frames(test, len(frames), "test")
    points = soap_space(dataset, frames, cutoff, n_max, l_max, max_frames)
    rng = np.random.default_rng(seed)
    picks, reach = farthest(points, n_train, int(rng.integers(len(points))))
    rest = np.delete(frames, picks)
    parts = {"test": random_subset(rng, rest, n_test, f"the {len(rest)} frames that do not train")}
    return Split(np.sort(frames[picks]), parts, None, {"farthest_rest": reach})


def farthest(points: np.ndarray, n: int, first: int) -> tuple[np.ndarray, float]:
    """Return the first `n` picks, and the largest distance of another point to its nearest pick."""
    picks = np.empty(n, dtype=int)
    distance = np.full(len(points), np.inf)
    left = np.ones(len(points), dtype=bool)
    square = np.einsum("ij,ij->i", points, points)
    for k in range(n):
        picks[k] = first if k == 0 else int(np.argmax(np.where(left, distance, -1.0)))
        left[picks[k]] = False  # else a duplicate of a pick would be the same pick again
        distance = np.minimum(distance, square + square[picks[k]] - 2 * points @ points[picks[k]])
    return picks, float(np.sqrt(distance[left].max(initial=0.0)))
