"""Cache of descriptors, limited in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, Generic, TypeVar

import torch

__all__ = ["Cache"]

T = TypeVar("T")


class Cache(Generic[T]):
    """Items by number: computed when first requested, and again if they found no room.

    Parameters
    ----------
    describe : callable
        Function from numbers to their items, dataclasses of tensors.
    limit : float
        Largest size in bytes; the first items stay.
    """

    def __init__(self, describe: Callable[[list[int]], Sequence[T]], limit: float) -> None:
        self.describe = describe
        self.room = limit
        self._items: dict[int, T] = {}

    def __getitem__(self, numbers: Sequence[int]) -> list[T]:
        missing = [i for i in dict.fromkeys(numbers) if i not in self._items]
        computed = dict(zip(missing, self.describe(missing), strict=True)) if missing else {}
        items = [self._items[i] if i in self._items else computed[i] for i in numbers]
        for i, item in computed.items():
            self._store(i, item)
        return items

    def _store(self, number: int, item: T) -> None:
        """Store an item if there is room for it."""
        size = _bytes(item)
        if size <= self.room:
            self.room -= size
            self._items[number] = item


def _bytes(value: Any) -> int:
    """Size of all tensors inside dataclasses, mappings and sequences."""
    if isinstance(value, torch.Tensor):
        return value.numel() * value.element_size()
    if is_dataclass(value):
        return sum(map(_bytes, vars(value).values()))
    if isinstance(value, Mapping):
        return sum(map(_bytes, value.values()))
    return sum(map(_bytes, value)) if isinstance(value, tuple | list) else 0
