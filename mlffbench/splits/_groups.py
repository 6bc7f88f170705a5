"""What the splits share: groups as names, and random draws that say what they cannot do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from mlffbench.data import Dataset
from mlffbench.registry import suggest

__all__ = ["as_list", "draw", "group_names", "known_group"]


def group_names(dataset: Dataset, column: str = "group") -> np.ndarray:
    """The column as text, ``300.0`` as ``300``.

    Raises
    ------
    ValueError
        No such column, or frames without a value in it.
    """
    if column not in dataset.columns:
        hint = "; without groups, use the split 'random'" if column == "group" else ""
        raise ValueError(f"{dataset.name} has no column {column!r}{suggest(column, dataset.columns)}{hint}")
    names = np.array([f"{v:g}" if isinstance(v, float) else str(v) for v in dataset.columns[column].tolist()])
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
        raise ValueError(f"{dataset.name} has no group {str(name)!r}{suggest(str(name), known)}")
    return str(name)


def as_list(names: str | Sequence[str] | float) -> list[str]:
    """One name or several."""
    return [str(names)] if isinstance(names, str | int | float) else [str(n) for n in names]


def draw(rng: np.random.Generator, indices: np.ndarray, n: int, what: str) -> np.ndarray:
    """`n` of the indices, sorted."""
    if not 0 < n <= len(indices):
        raise ValueError(f"cannot draw {n} frames from {what}, which has {len(indices)}")
    return np.sort(rng.permutation(indices)[:n])
