"""Moving averages of the weights during training, and the weights of the best validation loss."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

__all__ = ["Average", "Best", "Weights"]

Weights = list[torch.nn.Parameter]


class Average:
    """Exponential moving average with decay min(d, (1 + n)/(10 + n)) after n updates, or the plain mean.

    The number n is a tensor beside the weights: an update waits for nothing, and may be captured.
    """

    def __init__(self, weights: Weights, decay: float) -> None:
        self.weights, self.decay, self.plain = weights, decay, False
        self.copies = _copies(weights)
        self.updates = weights[0].new_zeros((), requires_grad=False)

    def restart_as_mean(self) -> None:
        """Become the plain mean of all weights from now on, beginning with the present ones."""
        self.plain = True
        _write(self.weights, self.copies)
        self.updates.fill_(1)

    @torch.no_grad()
    def update(self) -> None:
        """Include the present weights."""
        self.updates += 1
        # ā ← ā + share (w − ā)
        if self.plain:
            share = self.updates.reciprocal()
        else:
            share = (9 / (10 + self.updates)).clamp(min=1 - self.decay)
        change = torch._foreach_sub(list(self.weights), self.copies)
        torch._foreach_mul_(change, share)
        torch._foreach_add_(self.copies, change)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the averaged weights into the module inside the block."""
        present = _copies(self.weights)
        _write(self.copies, self.weights)
        try:
            yield
        finally:
            _write(present, self.weights)


class Best:
    """The weights of the lowest validation loss so far."""

    def __init__(self) -> None:
        self.value, self.epoch = math.inf, 0
        self.copies: list[torch.Tensor] = []

    def update(self, value: float, epoch: int, weights: Weights) -> None:
        """Copy the weights if their validation loss is the lowest so far."""
        if value < self.value:
            self.value, self.epoch = value, epoch
            self.copies = _copies(weights)

    def restart(self, epoch: int) -> None:
        """Forget the lowest loss, since another one is measured from now on; the weights stay until then."""
        self.value, self.epoch = math.inf, epoch

    def restore(self, weights: Weights) -> None:
        """Write the best weights into the module; the present ones stay if no epoch has ended yet."""
        _write(self.copies or _copies(weights), weights)


def _copies(weights: Weights) -> list[torch.Tensor]:
    return [w.detach().clone() for w in weights]


def _write(values: Sequence[torch.Tensor], targets: Sequence[torch.Tensor]) -> None:
    with torch.no_grad():
        torch._foreach_copy_(list(targets), list(values))
