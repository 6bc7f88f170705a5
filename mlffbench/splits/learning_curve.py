"""Split for learning curves: nested training sets of growing size, the same tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mlffbench import registry
from mlffbench.data import Dataset, Split
from mlffbench.splits.common.groups import number_of_frames, random_subset
from mlffbench.system.ranges import Count, ShareOrNumber

__all__ = ["learning_curve"]


def learning_curve(
    dataset: Dataset,
    seed: int = 0,
    n_train: ShareOrNumber = 100,
    split: str | Mapping[str, Mapping[str, Any] | None] = "official",
    n_test: Count | None = None,
) -> Split:
    """Train on `n_train` frames of another split's training set, with the same tests.

    They are the first of one shuffle: with one seed, 50 frames are among the 100, and these among the 200. A
    suite lists a problem for each size; the report draws the curve.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Seed of the shuffle, and of the other split.
    n_train : int or float
        Training frames, or a share of the other split's (0.5).
    split : str or mapping
        The other split: ``official``, or with keywords ``{blocks: {block: 20}}``.
    n_test : int, optional
        Most frames of each test group, drawn at random from larger ones; by default all. The same for every
        size of a curve.

    Raises
    ------
    ValueError
        The other split trains on fewer frames.
    LookupError
        There is no such split, or it has no such keyword.
    """
    if isinstance(split, str):
        split = {split: None}
    if len(split) != 1:
        raise ValueError(f"split must be a name, or one name with its keywords; got {dict(split)!r}")
    ((name, params),) = split.items()
    make = registry.build("splits", name, params or {}, skip=("dataset", "seed"))
    full: Split = make(dataset, seed=seed, **(params or {}))
    what = f"the training set of {name!r}"
    n = number_of_frames(n_train, len(full.train), f"n_train (of {what})")
    train = random_subset(np.random.default_rng(seed), full.train, n, what)
    tests = {name: _drawn(part, n_test, seed) for name, part in full.tests.items()}
    return replace(full, train=train, tests=tests, notes={**full.notes, "drawn_from": len(full.train)})


def _drawn(test: np.ndarray, most: int | None, seed: int) -> np.ndarray:
    """A test group, or `most` of its frames if it has more."""
    if most is None or len(test) <= most:
        return test
    return random_subset(np.random.default_rng(seed), test, most, "a test group")


learning_curve.parts = {"split": ("splits",)}  # type: ignore[attr-defined]
