"""Cross-validation: one of k folds; all folds together test every frame once."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Interval

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.groups import group_names
from mlffbench.system.ranges import Natural

__all__ = ["kfold"]


def kfold(
    dataset: Dataset,
    seed: int = 0,
    k: Annotated[int, Interval(ge=2, le=10_000)] = 5,
    fold: Natural = 0,
    column: str | None = None,
) -> Split:
    """Test on one of k random folds, train on the others (cross-validation).

    The folds are those of ``sklearn.model_selection.KFold``, shuffled by the seed. A suite that lists
    ``kfold: {fold: 0}`` to ``kfold: {fold: 4}`` runs them all.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Seed of the shuffle: the folds of one seed are disjoint and together the whole dataset.
    k : int
        Number of folds.
    fold : int
        Number of the test fold, from 0.
    column : str, optional
        Keep frames of one value together (``GroupKFold``): ``trajectory``, ``group``, ``composition`` ...

    Raises
    ------
    ValueError
        Fewer frames, or values of the column, than folds; no such fold or column.
    """
    from sklearn.model_selection import GroupKFold, KFold

    names = None if column is None else group_names(dataset, column)
    n, what = (len(dataset), "frames") if names is None else (len(set(names)), f"values of {column!r}")
    if not 2 <= k <= n:
        raise ValueError(f"k must be from 2 to {n}, the number of {what} of {dataset.name}; got {k!r}")
    if fold not in range(k):
        raise ValueError(f"fold must be from 0 to {k - 1}; got {fold!r}")
    folds = (KFold if names is None else GroupKFold)(k, shuffle=True, random_state=seed)
    train, test = list(folds.split(np.arange(len(dataset)), groups=names))[fold]
    return Split(train, {"test": test}, "test" if names is None else None)
