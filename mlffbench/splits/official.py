"""Official split: the one with which a dataset was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.groups import as_list, check_group, group_names, random_subset
from mlffbench.system.ranges import Count, Group

__all__ = ["official"]


def official(
    dataset: Dataset,
    seed: int = 0,
    train: Group | None = None,
    tests: Group | Sequence[Group] | None = None,
    n_train: Count | None = None,
    in_domain: Group | None = None,
) -> Split:
    """Train on one group of the dataset, test on every other; by default as published.

    Parameters
    ----------
    dataset : Dataset
        It has a column ``group``.
    seed : int
        Seed of the choice of `n_train` frames; nothing else is random.
    train : str, optional
        The training group; by default the one that the dataset's card names.
    tests : list of str, optional
        Test only on these groups; by default on those that the card names as tests, else on all others.
    n_train : int, optional
        Number of training frames, drawn at random; by default the whole group.
    in_domain : str, optional
        The test group with frames like those of the training group. By default the card's, else the one whose
        name matches the training group's (``train_300K``: ``test_300K`` or ``300K``), else the first.

    Raises
    ------
    ValueError
        No groups, no such group, or too few frames.
    """
    names = group_names(dataset)
    train_group = train if train is not None else dataset.card.get("train")
    if train_group is None:
        raise ValueError(
            f"{dataset.name} names no training group: give train, one of {sorted(set(names.tolist()))}"
        )
    train_group = check_group(dataset, train_group, names.tolist())
    others = [n for n in dict.fromkeys(names.tolist()) if n != train_group]
    test_groups = (
        _published(dataset, train_group, others)
        if tests is None
        else [check_group(dataset, t, others) for t in as_list(tests)]
    )
    if not test_groups:
        raise ValueError(f"{dataset.name} has only the group {train_group!r}; use the split 'random'")
    indices = np.flatnonzero(names == train_group)
    if n_train is not None:
        indices = random_subset(np.random.default_rng(seed), indices, n_train, f"group {train_group!r}")
    if in_domain is not None:
        in_domain = check_group(dataset, in_domain, test_groups)
    groups = {name: np.flatnonzero(names == name) for name in test_groups}
    return Split(indices, groups, in_domain or _in_domain(dataset.card, train_group, test_groups))


def _published(dataset: Dataset, train: str, others: list[str]) -> list[str]:
    """Tests that the card names; all others if it names none, or the training group among them."""
    named = list(dataset.card.get("tests", ()))
    return [t for t in named if t in others] or others if train not in named else others


def _in_domain(card: Mapping[str, str], train: str, tests: list[str]) -> str:
    """The test group most like the training group, by the card or the names."""
    stem = "_".join(word for word in train.split("_") if word != "train")
    likely = [f"test_{stem}", f"{stem}_test", stem] if stem else ["test"]
    if card.get("train") == train and "in_domain" in card:
        likely = [card["in_domain"], *likely]
    return next((name for name in likely if name in tests), tests[0])
