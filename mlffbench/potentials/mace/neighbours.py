"""Undirected pairs and each atom's padded neighbour list: sums over either without a scatter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

__all__ = ["Neighbours"]


@dataclass(frozen=True)
class Neighbours:
    """K slots for the neighbours of each of n atoms, and P undirected pairs, each of them in two slots.

    An empty slot names a pair beyond the cutoff, whose radial functions are exactly zero.

    Attributes
    ----------
    width : int
        K.
    sender : (n·K,) int tensor
        The neighbour in a slot; the atom itself in an empty one.
    reverse : (n·K,) int tensor
        The slot in which the neighbour has this atom; an empty slot has itself.
    directed : (n·K,) int tensor
        The pair in a slot, plus P where the slot's atom is the pair's sender.
    pair : (n·K,) int tensor
        The pair in a slot.
    slots : (2P,) int tensor
        The inverse of `directed`; a pair beyond the cutoff has an empty slot.
    """

    width: int
    sender: torch.Tensor
    reverse: torch.Tensor
    directed: torch.Tensor
    pair: torch.Tensor
    slots: torch.Tensor

    def spread(self, directed: torch.Tensor) -> torch.Tensor:
        """Values of directed pairs (2P, ...) in the slots, (n·K, ...)."""
        return _Select.apply(directed, self.directed, self.slots)

    def sum_by_sender(self, values: torch.Tensor) -> torch.Tensor:
        """Sum values of slots (n·K, ...) over the slots that name an atom, (n, ...)."""
        return values.index_select(0, self.reverse).unflatten(0, (-1, self.width)).sum(dim=1)

    def sum_by_pair(self, values: torch.Tensor) -> torch.Tensor:
        """Sum values of slots (n·K, ...) over the two slots of each pair, (P, ...)."""
        first, second = self.slots.chunk(2)
        return values.index_select(0, first).add_(values.index_select(0, second))


class _Select(torch.autograd.Function):
    """``index_select`` of rows with the inverse index at hand: the derivative is no scatter."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, index: torch.Tensor, inverse: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(index, inverse)
        return values.index_select(0, index)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        index, inverse = ctx.saved_tensors
        return _Select.apply(gradient, inverse, index), None, None
