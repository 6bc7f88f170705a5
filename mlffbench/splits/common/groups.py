"""Helpers of splits: group names, numbers of frames, random subsets, the in-domain test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from mlffbench.data import Dataset, value_name
from mlffbench.registry import suggest
from mlffbench.splits.common.composition import COMPUTED
from mlffbench.system.ranges import Group

__all__ = [
    "as_list",
    "check_group",
    "frames_of_groups",
    "group_names",
    "hold_out_test",
    "number_of_frames",
    "random_subset",
]


def group_names(dataset: Dataset, column: str = "group") -> np.ndarray:
    """Values of a column as text, see `value_name`: ``300.0`` as ``300``.

    ``composition``, ``elements``, ``n_atoms`` and ``size`` need no column: they follow from the structures.

    Raises
    ------
    ValueError
        No such column, or frames without a value in it.
    """
    if column not in dataset.columns and column not in COMPUTED:
        known = [*dataset.columns, *COMPUTED]
        hint = "; without groups, use the split 'random'" if column == "group" else ""
        raise ValueError(f"{dataset.name} has no column {column!r}{suggest(column, known)}{hint}")
    values = dataset.columns[column] if column in dataset.columns else COMPUTED[column](dataset)
    names = np.array([value_name(v) for v in values])
    missing = np.flatnonzero((names == "") | (names == "nan"))
    if len(missing):
        raise ValueError(
            f"{dataset.name}: {len(missing)} frames (first: frame {missing[0]}) have no {column!r}"
        )
    return names


def check_group(dataset: Dataset, name: object, names: Iterable[str]) -> str:
    """Return the name of a group as text; raise a ValueError if there is no such group."""
    known, text = set(names), value_name(name)
    if text not in known:
        many = len(known) > 50  # one formula a frame: the whole list would be no help
        hint = f"; there are {len(known)}, such as {sorted(known)[:5]}" if many else suggest(text, known)
        raise ValueError(f"{dataset.name} has no group {text!r}{hint}")
    return text


def as_list(names: Group | Sequence[Group]) -> list[str]:
    """Return one name or several as a list of texts."""
    return [value_name(n) for n in ([names] if isinstance(names, str | int | float | np.generic) else names)]


def frames_of_groups(dataset: Dataset, groups: Group | Sequence[Group] | None) -> np.ndarray:
    """Indices of the frames of these groups, ascending; all frames for None."""
    if groups is None:
        return np.arange(len(dataset))
    names = group_names(dataset)
    wanted = [check_group(dataset, g, names.tolist()) for g in as_list(groups)]
    return np.flatnonzero(np.isin(names, wanted))


def number_of_frames(amount: float, n: int, what: str) -> int:
    """Convert a share of n frames (0.8), or a number of frames (800), to a number."""
    if isinstance(amount, bool) or amount <= 0 or (isinstance(amount, float) and amount >= 1):
        raise ValueError(f"{what} must be a share between 0 and 1 or a number of frames; got {amount!r}")
    number = round(amount * n) if isinstance(amount, float) else int(amount)
    if not 0 < number <= n:
        raise ValueError(f"{what}={amount!r} asks for {number} frames, but there are {n}")
    return number


def random_subset(rng: np.random.Generator, indices: np.ndarray, n: int, what: str) -> np.ndarray:
    """Draw `n` of the indices at random, sorted; with equal generators, fewer are a subset of more."""
    if not 0 < n <= len(indices):
        raise ValueError(f"cannot draw {n} frames from {what}, which has {len(indices)}")
    return np.sort(rng.permutation(indices)[:n])


def hold_out_test(indices: np.ndarray, fraction: float, seed: int, what: str) -> np.ndarray:
    """Draw the share of the training frames that becomes the in-domain test; none for 0."""
    if not 0 <= fraction < 1:
        raise ValueError(f"test_fraction must be from 0 up to less than 1; got {fraction!r}")
    if fraction == 0:
        return indices[:0]
    n = max(1, round(fraction * len(indices)))
    if n >= len(indices):
        raise ValueError(f"holding out {n} of {len(indices)} frames of {what} leaves none to train on")
    return random_subset(np.random.default_rng(seed), indices, n, what)
