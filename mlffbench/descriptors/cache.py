"""What structures were described as, kept while it fits into memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, Generic, TypeVar

import torch

__all__ = ["Cache"]

T = TypeVar("T")


class Cache(Generic[T]):
    """Descriptions by number: computed when first asked for, and again where they found no room.

    Parameters
    ----------
    describe : callable
        Numbers -> their descriptions, dataclasses of tensors.
    limit : float
        Bytes that may be kept; the first to come stay.
    """

    def __init__(self, describe: Callable[[list[int]], Sequence[T]], limit: float) -> None:
        self.describe = describe
        self.room = limit
        self._kept: dict[int, T] = {}

    def __getitem__(self, numbers: Sequence[int]) -> list[T]:
        lost = [i for i in dict.fromkeys(numbers) if i not in self._kept]
        fresh = dict(zip(lost, self.describe(lost), strict=True)) if lost else {}
        found = [self._kept[i] if i in self._kept else fresh[i] for i in numbers]
        for i, item in fresh.items():
            self._keep(i, item)
        return found

    def _keep(self, number: int, item: T) -> None:
        size = _bytes(item)
        if size <= self.room:
            self.room -= size
            self._kept[number] = item


def _bytes(value: Any) -> int:
    """Of all tensors inside dataclasses, mappings and sequences."""
    if isinstance(value, torch.Tensor):
        return value.numel() * value.element_size()
    if is_dataclass(value):
        return sum(map(_bytes, vars(value).values()))
    if isinstance(value, Mapping):
        return sum(map(_bytes, value.values()))
    return sum(map(_bytes, value)) if isinstance(value, tuple | list) else 0
