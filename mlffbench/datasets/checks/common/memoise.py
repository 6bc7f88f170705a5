"""Memoisation per dataset."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

from mlffbench.data import Dataset

__all__ = ["memoised"]

T = TypeVar("T")


def memoised(function: Callable[[Dataset], T]) -> Callable[[Dataset], T]:
    """Compute `function` once for each dataset, by weak reference: several checks use the same evidence."""
    values: WeakKeyDictionary[Dataset, T] = WeakKeyDictionary()

    def remembered(dataset: Dataset) -> T:
        if dataset not in values:
            values[dataset] = function(dataset)
        return values[dataset]

    return remembered
