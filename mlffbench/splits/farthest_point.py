"""The training set that covers SOAP space best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.groups import count, draw, pool
from mlffbench.splits.common.soap_space import soap_space

__all__ = ["farthest_point"]


def farthest_point(
    dataset: Dataset,
    seed: int = 0,
    train: float = 0.8,
    test: float | None = None,
    groups: str | Sequence[str] | None = None,
    cutoff: float = 5.0,
    n_max: int = 4,
    l_max: int = 3,
    max_frames: int = 20_000,
) -> Split:
    """Train on the frames that farthest-point sampling in SOAP space picks; the rest is the test.

    Each pick is the frame farthest from all picks before it, argmax_i min_j |p_i − p_j| (Gonzalez, Theor.
    Comput. Sci. 38, 293 (1985); for potentials Imbalzano et al., J. Chem. Phys. 148, 241730 (2018)). With one
    seed a smaller training set is part of a larger one. Training covers the edges, so the test interpolates:
    it is no in-domain test.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Of the first pick, and of the test's draw.
    train : float or int
        A share of the frames (0.8), or a number of frames (800).
    test : float or int, optional
        Likewise, drawn at random from the rest; by default all the rest.
    groups : list of str, optional
        Only these values of the column ``group``.
    cutoff : float
        Of SOAP, Å.
    n_max, l_max : int
        Of SOAP.
    max_frames : int
        More are refused: time grows as frames × picks.

    Raises
    ------
    ValueError
        Too many frames, or nothing left to test on.
    """
    frames = pool(dataset, groups)
    n_train = count(train, len(frames), "train")
    if n_train == len(frames):
        raise ValueError(f"train={train!r} takes all {n_train} frames and leaves none to test on")
    n_test = len(frames) - n_train if test is None else count(test, len(frames), "test")
    points = soap_space(dataset, frames, cutoff, n_max, l_max, max_frames)
    rng = np.random.default_rng(seed)
    picked, reach = farthest(points, n_train, int(rng.integers(len(points))))
    rest = np.delete(frames, picked)
    parts = {"test": draw(rng, rest, n_test, f"the {len(rest)} frames that do not train")}
    return Split(np.sort(frames[picked]), parts, None, {"farthest_rest": reach})


def farthest(points: np.ndarray, n: int, first: int) -> tuple[np.ndarray, float]:
    """The first `n` picks, and how far the farthest point that was not picked is from them."""
    picked = np.empty(n, dtype=int)
    distance = np.full(len(points), np.inf)
    left = np.ones(len(points), dtype=bool)
    square = np.einsum("ij,ij->i", points, points)
    for k in range(n):
        picked[k] = first if k == 0 else int(np.argmax(np.where(left, distance, -1.0)))
        left[picked[k]] = False  # or a twin of a pick would be the pick again
        distance = np.minimum(distance, square + square[picked[k]] - 2 * points @ points[picked[k]])
    return picked, float(np.sqrt(distance[left].max(initial=0.0)))
