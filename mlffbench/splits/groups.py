"""Leave groups out: train on some values of a column, test on the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlffbench.data import Dataset, Split
from mlffbench.splits._groups import as_list, draw, group_names, known_group

__all__ = ["groups"]

IN_DOMAIN = "in_domain"


def groups(
    dataset: Dataset,
    seed: int = 0,
    column: str = "group",
    train: str | Sequence[str] | None = None,
    tests: str | Sequence[str] | None = None,
    test_fraction: float = 0.1,
) -> Split:
    """Frames whose column has one of the training values train; every other value is a test of that name.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Of the frames held out for ``in_domain``.
    column : str
        ``group``, ``trajectory``, ``temperature``, ``composition`` ... Numbers are compared as text: ``300``.
    train : str or list of str, optional
        The values that train; by default the card's training group.
    tests : str or list of str, optional
        Only these values; by default all others.
    test_fraction : float
        Share of the training frames held out as the test ``in_domain``; 0 for none.

    Raises
    ------
    ValueError
        No such column or value, or nothing left to train or test on.
    """
    names = group_names(dataset, column)
    known = list(dict.fromkeys(names.tolist()))
    wanted = train if train is not None else dataset.card.get("train")
    if wanted is None:
        raise ValueError(f"give train: the values of {column!r} to train on, among {known}")
    chosen = [known_group(dataset, t, known) for t in as_list(wanted)]
    others = [n for n in known if n not in chosen]
    picked = others if tests is None else [known_group(dataset, t, others) for t in as_list(tests)]
    indices = np.flatnonzero(np.isin(names, chosen))
    held = _held_out(indices, test_fraction, seed, chosen)
    if len(held) and IN_DOMAIN in picked:
        raise ValueError(f"a value of {column!r} is {IN_DOMAIN!r}; set test_fraction=0")
    parts = ({IN_DOMAIN: held} if len(held) else {}) | {n: np.flatnonzero(names == n) for n in picked}
    return Split(np.setdiff1d(indices, held), parts, IN_DOMAIN if len(held) else None)


def _held_out(indices: np.ndarray, fraction: float, seed: int, chosen: list[str]) -> np.ndarray:
    if not 0 <= fraction < 1:
        raise ValueError(f"test_fraction must be from 0 up to less than 1; got {fraction!r}")
    if fraction == 0:
        return indices[:0]
    n = max(1, round(fraction * len(indices)))
    if n >= len(indices):
        raise ValueError(f"holding out {n} of {len(indices)} frames of {chosen} leaves none to train on")
    return draw(np.random.default_rng(seed), indices, n, str(chosen))
