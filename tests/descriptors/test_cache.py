"""The cache of descriptions: what is computed, how often, and how much of it is kept."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mlffbench.descriptors.cache import Cache


@dataclass(frozen=True)
class Item:
    number: int
    tensors: dict[int, torch.Tensor]


def test_what_fits_is_computed_once_and_the_rest_again():
    asked = []

    def describe(numbers: list[int]) -> list[Item]:
        asked.extend(numbers)
        return [Item(i, {1: torch.zeros(100, dtype=torch.float64)}) for i in numbers]

    cache = Cache(describe, limit=2000.0)  # two items of 800 bytes
    assert [item.number for item in cache[[3, 1, 3]]] == [3, 1, 3]
    assert [item.number for item in cache[[0, 1, 2, 3]]] == [0, 1, 2, 3]
    assert asked == [3, 1, 0, 2]
    assert [item.number for item in cache[[2, 0, 3]]] == [2, 0, 3]
    assert asked == [3, 1, 0, 2, 2, 0]  # found no room
