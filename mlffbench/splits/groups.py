"""Leave groups out: train on some values of a column, test on the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.groups import as_list, group_names, hold_out, known_group

__all__ = ["groups"]

IN_DOMAIN = "in_domain"


def groups(
    dataset: Dataset,
    seed: int = 0,
    column: str = "group",
    train: str | Sequence[str] | None = None,
    tests: str | Sequence[str] | None = None,
    leave: str | Sequence[str] | None = None,
    test_fraction: float = 0.1,
) -> Split:
    """Frames whose column has one of the training values train; every other value is a test of that name.

    Say what trains (`train`) or what does not (`leave`): ``groups: {column: composition, leave: C2H6O}``.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Of the frames held out for ``in_domain``.
    column : str
        ``group``, ``trajectory``, ``temperature``, ``phase`` ...; ``composition`` (Hill formula),
        ``elements`` (``C-H-O``) and ``n_atoms`` or ``size`` need no column. Numbers are compared as text:
        ``300``.
    train : str or list of str, optional
        The values that train; by default the card's training group.
    tests : str or list of str, optional
        Only these values; by default all others.
    leave : str or list of str, optional
        Instead of `train` and `tests`: these values test, all others train.
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
        chosen = _chosen(dataset, column, known, train)
        others = [n for n in known if n not in chosen]
        picked = others if tests is None else [known_group(dataset, t, others) for t in as_list(tests)]
    elif train is not None or tests is not None:
        raise ValueError("give leave, or train and tests: leave means that all other values train")
    else:
        picked = [known_group(dataset, t, known) for t in as_list(leave)]
        chosen = [n for n in known if n not in picked]
    return _split(column, names, chosen, picked, test_fraction, seed)


def _chosen(dataset: Dataset, column: str, known: list[str], train: str | Sequence[str] | None) -> list[str]:
    """The values that train, as given or as the card says of its groups."""
    wanted = dataset.card.get("train") if train is None and column == "group" else train
    if wanted is None:
        listed = f"{known[:20]} and {len(known) - 20} more" if len(known) > 20 else str(known)
        raise ValueError(
            f"give train: the values of {column!r} to train on, or leave: those to test on, among {listed}"
        )
    return [known_group(dataset, t, known) for t in as_list(wanted)]


def _split(
    column: str, names: np.ndarray, chosen: list[str], picked: list[str], fraction: float, seed: int
) -> Split:
    indices = np.flatnonzero(np.isin(names, chosen))
    if not len(indices):
        raise ValueError(f"leaving out {picked} leaves no value of {column!r} to train on")
    held = hold_out(indices, fraction, seed, str(chosen))
    if len(held) and IN_DOMAIN in picked:
        raise ValueError(f"a value of {column!r} is {IN_DOMAIN!r}; set test_fraction=0")
    parts = ({IN_DOMAIN: held} if len(held) else {}) | {n: np.flatnonzero(names == n) for n in picked}
    return Split(np.setdiff1d(indices, held), parts, IN_DOMAIN if len(held) else None)
