"""What the splits share: groups as names, shares as numbers, and draws that say what they cannot do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from mlffbench.data import Dataset
from mlffbench.registry import suggest
from mlffbench.splits.common.composition import COMPUTED

__all__ = ["as_list", "count", "draw", "group_names", "hold_out", "known_group", "pool"]


def group_names(dataset: Dataset, column: str = "group") -> np.ndarray:
    """The column as text, ``300.0`` as ``300``; ``composition``, ``elements``, ``n_atoms`` need no column.

    Raises
    ------
    ValueError
        No such column, or frames without a value in it.
    """
    if column not in dataset.columns and column not in COMPUTED:
        known = [*dataset.columns, *COMPUTED]
        hint = "; without groups, use the split 'random'" if column == "group" else ""
        raise ValueError(f"{dataset.name} has no column {column!r}{suggest(column, known)}{hint}")
    values = dataset.columns[column].tolist() if column in dataset.columns else COMPUTED[column](dataset)
    names = np.array([f"{v:g}" if isinstance(v, float) else str(v) for v in values])
    missing = np.flatnonzero((names == "") | (names == "nan"))
    if len(missing):
        raise ValueError(
            f"{dataset.name}: {len(missing)} frames (first: frame {missing[0]}) have no {column!r}"
        )
    return names


def known_group(dataset: Dataset, name: object, names: Iterable[str]) -> str:
    """The group of that name, or a sentence."""
    known = set(names)
    if str(name) not in known:
        many = len(known) > 50  # a formula a frame: the whole list would be no help
        hint = f"; there are {len(known)}, such as {sorted(known)[:5]}" if many else suggest(str(name), known)
        raise ValueError(f"{dataset.name} has no group {str(name)!r}{hint}")
    return str(name)


def as_list(names: str | Sequence[str] | float) -> list[str]:
    """One name or several."""
    return [str(names)] if isinstance(names, str | int | float) else [str(n) for n in names]


def pool(dataset: Dataset, groups: str | Sequence[str] | None) -> np.ndarray:
    """The frames of these groups, all frames for None; ascending."""
    if groups is None:
        return np.arange(len(dataset))
    names = group_names(dataset)
    wanted = [known_group(dataset, g, names.tolist()) for g in as_list(groups)]
    return np.flatnonzero(np.isin(names, wanted))


def count(amount: float, n: int, what: str) -> int:
    """A share of n frames or a number of them, as a number."""
    if isinstance(amount, bool) or amount <= 0 or (isinstance(amount, float) and amount >= 1):
        raise ValueError(f"{what} must be a share between 0 and 1 or a number of frames; got {amount!r}")
    number = round(amount * n) if isinstance(amount, float) else int(amount)
    if not 0 < number <= n:
        raise ValueError(f"{what}={amount!r} asks for {number} frames, but there are {n}")
    return number


def draw(rng: np.random.Generator, indices: np.ndarray, n: int, what: str) -> np.ndarray:
    """`n` of the indices, sorted; with the same generator, fewer are a subset of more."""
    if not 0 < n <= len(indices):
        raise ValueError(f"cannot draw {n} frames from {what}, which has {len(indices)}")
    return np.sort(rng.permutation(indices)[:n])


def hold_out(indices: np.ndarray, fraction: float, seed: int, what: str) -> np.ndarray:
    """The share of the training frames that becomes the in-domain test; none for 0."""
    if not 0 <= fraction < 1:
        raise ValueError(f"test_fraction must be from 0 up to less than 1; got {fraction!r}")
    if fraction == 0:
        return indices[:0]
    n = max(1, round(fraction * len(indices)))
    if n >= len(indices):
        raise ValueError(f"holding out {n} of {len(indices)} frames of {what} leaves none to train on")
    return draw(np.random.default_rng(seed), indices, n, what)
