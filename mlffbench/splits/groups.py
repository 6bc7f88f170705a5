"""Split by groups: train on some values of a column, test on the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.groups import as_list, check_group, group_names, hold_out_test
from mlffbench.system.ranges import Group, ShareBelowOne

__all__ = ["groups"]

IN_DOMAIN = "in_domain"


def groups(
    dataset: Dataset,
    seed: int = 0,
    column: str = "group",
    train: Group | Sequence[Group] | None = None,
    tests: Group | Sequence[Group] | None = None,
    leave: Group | Sequence[Group] | None = None,
    test_fraction: ShareBelowOne = 0.1,
) -> Split:
    """Train on some values of a column; each other value is a test group of that name.

    Give the values that train (`train`) or those that do not (`leave`):
    ``groups: {column: composition, leave: C2H6O}``.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Seed of the choice of frames held out for ``in_domain``.
    column : str
        ``group``, ``trajectory``, ``temperature``, ``phase`` ...; ``composition`` (Hill formula),
        ``elements`` (``C-H-O``) and ``n_atoms`` or ``size`` need no column. Numbers are compared as text:
        ``300``.
    train : str or list of str, optional
        The values that train; by default the card's training group.
    tests : str or list of str, optional
        Test only on these values; by default on all others.
    leave : str or list of str, optional
        Instead of `train` and `tests`: test on these values, train on all others.
    test_fraction : float
        Share of the training frames held out as the test ``in_domain``; 0 for none.

    Raises
    ------
    ValueError
        No such column or value, or nothing left to train or test on.
    """
    names = group_names(dataset, column)
    known = list(dict.fromkeys(names.tolist()))
    if leave is None:
        train_groups = _train_groups(dataset, column, known, train)
        others = [n for n in known if n not in train_groups]
        test_groups = others if tests is None else [check_group(dataset, t, others) for t in as_list(tests)]
    elif train is not None or tests is not None:
        raise ValueError("give leave, or train and tests: leave means that all other values train")
    else:
        test_groups = [check_group(dataset, t, known) for t in as_list(leave)]
        train_groups = [n for n in known if n not in test_groups]
    return _split(column, names, train_groups, test_groups, test_fraction, seed)


def _train_groups(
    dataset: Dataset, column: str, known: list[str], train: Group | Sequence[Group] | None
) -> list[str]:
    """Values that train: those given, or for the column ``group`` the training group of the card."""
    wanted = dataset.card.get("train") if train is None and column == "group" else train
    if wanted is None:
        listed = f"{known[:20]} and {len(known) - 20} more" if len(known) > 20 else str(known)
        raise ValueError(
            f"give train: the values of {column!r} to train on, or leave: those to test on, among {listed}"
        )
    return [check_group(dataset, t, known) for t in as_list(wanted)]


def _split(
    column: str,
    names: np.ndarray,
    train_groups: list[str],
    test_groups: list[str],
    fraction: float,
    seed: int,
) -> Split:
    """Build the split, with a share of the training frames held out as the in-domain test."""
    indices = np.flatnonzero(np.isin(names, train_groups))
    if not len(indices):
        raise ValueError(f"leaving out {test_groups} leaves no value of {column!r} to train on")
    held = hold_out_test(indices, fraction, seed, str(train_groups))
    if len(held) and IN_DOMAIN in test_groups:
        raise ValueError(f"a value of {column!r} is {IN_DOMAIN!r}; set test_fraction=0")
    parts = ({IN_DOMAIN: held} if len(held) else {}) | {n: np.flatnonzero(names == n) for n in test_groups}
    return Split(np.setdiff1d(indices, held), parts, IN_DOMAIN if len(held) else None)
