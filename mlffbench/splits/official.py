"""The split that a dataset was published with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.groups import as_list, draw, group_names, known_group

__all__ = ["official"]


def official(
    dataset: Dataset,
    seed: int = 0,
    train: str | None = None,
    tests: str | Sequence[str] | None = None,
    n_train: int | None = None,
    in_domain: str | None = None,
) -> Split:
    """One group trains, every other group is a named test.

    Parameters
    ----------
    dataset : Dataset
        With a column ``group``.
    seed : int
        Of the draw of `n_train` frames; nothing else is random.
    train : str, optional
        The training group; by default the one that the dataset's card names.
    tests : list of str, optional
        Only these groups; by default those that the card names as tests, else all others.
    n_train : int, optional
        Train on so many frames, drawn at random; by default on the whole group.
    in_domain : str, optional
        The test group drawn as the training group was. By default the card's, else the one whose name matches
        the training group's (``train_300K``: ``test_300K`` or ``300K``), else the first.

    Raises
    ------
    ValueError
        No groups, no such group, or too few frames.
    """
    names = group_names(dataset)
    chosen = train if train is not None else dataset.card.get("train")
    if chosen is None:
        raise ValueError(
            f"{dataset.name} names no training group: give train, one of {sorted(set(names.tolist()))}"
        )
    chosen = known_group(dataset, chosen, names.tolist())
    others = [n for n in dict.fromkeys(names.tolist()) if n != chosen]
    picked = (
        _published(dataset, chosen, others)
        if tests is None
        else [known_group(dataset, t, others) for t in as_list(tests)]
    )
    if not picked:
        raise ValueError(f"{dataset.name} has only the group {chosen!r}; use the split 'random'")
    indices = np.flatnonzero(names == chosen)
    if n_train is not None:
        indices = draw(np.random.default_rng(seed), indices, n_train, f"group {chosen!r}")
    if in_domain is not None:
        in_domain = known_group(dataset, in_domain, picked)
    groups = {name: np.flatnonzero(names == name) for name in picked}
    return Split(indices, groups, in_domain or _in_domain(dataset.card, chosen, picked))


def _published(dataset: Dataset, train: str, others: list[str]) -> list[str]:
    """The tests that the card names, if there are any and the training group is not one of them."""
    named = list(dataset.card.get("tests", ()))
    return [t for t in named if t in others] or others if train not in named else others


def _in_domain(card: Mapping[str, str], train: str, tests: list[str]) -> str:
    """The test group that is most like the training group, by what the names say."""
    stem = "_".join(word for word in train.split("_") if word != "train")
    likely = [f"test_{stem}", f"{stem}_test", stem] if stem else ["test"]
    if card.get("train") == train and "in_domain" in card:
        likely = [card["in_domain"], *likely]
    return next((name for name in likely if name in tests), tests[0])
