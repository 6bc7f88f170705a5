"""A random split: test frames drawn as the training frames are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlffbench.data import Dataset, Split
from mlffbench.splits._groups import as_list, group_names, known_group

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
    has trajectories or groups, the splits ``official`` and ``groups`` are more honest.

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
    pool = np.arange(len(dataset))
    if groups is not None:
        names = group_names(dataset)
        wanted = [known_group(dataset, g, names.tolist()) for g in as_list(groups)]
        pool = np.flatnonzero(np.isin(names, wanted))
    n_train = _count(train, len(pool), "train")
    n_test = len(pool) - n_train if test is None else _count(test, len(pool), "test")
    if n_train + n_test > len(pool) or n_test < 1:
        raise ValueError(f"{n_train} frames to train and {n_test} to test, but there are {len(pool)}")
    order = np.random.default_rng(seed).permutation(pool)
    parts = {"test": np.sort(order[n_train : n_train + n_test])}
    return Split(np.sort(order[:n_train]), parts, "test")


def _count(amount: float, n: int, what: str) -> int:
    """A share of n frames or a number of them, as a number."""
    if isinstance(amount, bool) or amount <= 0 or (isinstance(amount, float) and amount >= 1):
        raise ValueError(f"{what} must be a share between 0 and 1 or a number of frames; got {amount!r}")
    count = round(amount * n) if isinstance(amount, float) else int(amount)
    if not 0 < count <= n:
        raise ValueError(f"{what}={amount!r} asks for {count} frames, but there are {n}")
    return count
