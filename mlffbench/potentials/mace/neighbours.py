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

    def of_senders(self, values: torch.Tensor, atoms: slice) -> torch.Tensor:
        """Values of atoms (n, m, c) in the slots of some atoms that name them, (atoms, m, K, c)."""
        return _rows(values, self.sender.view(-1, self.width)[atoms])

    def of_pairs(self, values: torch.Tensor, atoms: slice) -> torch.Tensor:
        """Values of pairs (P, m, c) in the slots of some atoms, (atoms, m, K, c)."""
        return _rows(values, self.pair.view(-1, self.width)[atoms])

    def sum_by_sender(self, values: torch.Tensor) -> torch.Tensor:
        """Sum values of slots (n, m, K, c) over the slots that name an atom, (n, m, c)."""
        return self._slots(values, self.reverse).unflatten(0, (-1, self.width)).sum(dim=1)

    def sum_by_pair(self, values: torch.Tensor) -> torch.Tensor:
        """Sum values of slots (n, m, K, c) over the two slots of each pair, (P, m, c)."""
        first, second = self.slots.chunk(2)
        return self._slots(values, first).add_(self._slots(values, second))

    def _slots(self, values: torch.Tensor, slots: torch.Tensor) -> torch.Tensor:
        """Values of slots (n, m, K, c) in an order of the slots, (slots, m, c)."""
        m, k = values.shape[1:3]
        first = slots // k * (m * k) + slots % k
        index = first.unsqueeze(1) + k * torch.arange(m, device=slots.device)
        return values.view(-1, values.shape[3]).index_select(0, index.flatten()).unflatten(0, (-1, m))


def _rows(values: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """(n, m, c) at (atoms, K) -> (atoms, m, K, c)."""
    m = values.shape[1]
    rows = index.unsqueeze(1) * m + torch.arange(m, device=index.device).unsqueeze(1)
    return values.reshape(-1, values.shape[2]).index_select(0, rows.flatten()).view(*rows.shape, -1)


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
