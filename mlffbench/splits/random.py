"""Random split: test frames are drawn like the training frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.groups import frames_of_groups, number_of_frames
from mlffbench.system.ranges import Group, ShareOrNumber

__all__ = ["random"]


def random(
    dataset: Dataset,
    seed: int = 0,
    train: ShareOrNumber = 0.8,
    test: ShareOrNumber | None = None,
    groups: Group | Sequence[Group] | None = None,
) -> Split:
    """Random training and test frames; too optimistic for MD, whose neighbouring frames are almost equal.

    Where the data have trajectories or groups, the splits ``blocks``, ``official`` and ``groups`` are more
    honest. The test group is called ``test``.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Seed of the random choice.
    train : float or int
        Training frames: a share (0.8) or a number of frames (800).
    test : float or int, optional
        Test frames, as `train`; by default all that do not train.
    groups : list of str, optional
        Use only these values of the column ``group``.

    Raises
    ------
    ValueError
        More frames are asked for than there are, or none would be left for the test.
    """
    frames = frames_of_groups(dataset, groups)
    n_train = number_of_frames(train, len(frames), "train")
    n_test = len(frames) - n_train if test is None else number_of_frames(test, len(frames), "test")
    if n_train + n_test > len(frames) or n_test < 1:
        raise ValueError(f"{n_train} frames to train and {n_test} to test, but there are {len(frames)}")
    order = np.random.default_rng(seed).permutation(frames)
    parts = {"test": np.sort(order[n_train : n_train + n_test])}
    return Split(np.sort(order[:n_train]), parts, "test")
