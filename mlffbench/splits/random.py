"""A random split: test frames drawn as the training frames are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.groups import count, pool

__all__ = ["random"]


def random(
    dataset: Dataset,
    seed: int = 0,
    train: float = 0.8,
    test: float | None = None,
    groups: str | Sequence[str] | None = None,
) -> Split:
    """Frames drawn at random into a training set and one test group, ``test``.

    Frames of one trajectory resemble their neighbours in time, so that a random test flatters; where the data
    has trajectories or groups, the splits ``blocks``, ``official`` and ``groups`` are more honest.

    Parameters
    ----------
    dataset : Dataset
    seed : int
    train : float or int
        A share of the frames (0.8), or a number of frames (800).
    test : float or int, optional
        Likewise; by default all that do not train.
    groups : list of str, optional
        Draw from these values of the column ``group`` only.

    Raises
    ------
    ValueError
        More frames are asked for than there are, or none would be left for the test.
    """
    frames = pool(dataset, groups)
    n_train = count(train, len(frames), "train")
    n_test = len(frames) - n_train if test is None else count(test, len(frames), "test")
    if n_train + n_test > len(frames) or n_test < 1:
        raise ValueError(f"{n_train} frames to train and {n_test} to test, but there are {len(frames)}")
    order = np.random.default_rng(seed).permutation(frames)
    parts = {"test": np.sort(order[n_train : n_train + n_test])}
    return Split(np.sort(order[:n_train]), parts, "test")
