"""Moving averages of the weights during training, and the weights of the best validation loss."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn, get_swa_multi_avg_fn

__all__ = ["Average", "Best", "Weights"]

Weights = list[torch.nn.Parameter]


class Average:
    """Exponential moving average with decay min(d, (1 + n)/(10 + n)) after n updates, or the plain mean."""

    def __init__(self, weights: Weights, decay: float) -> None:
        self.weights, self.decay = weights, decay
        self.copies = _copies(weights)
        self.updates, self.plain = 0, False

    def restart_as_mean(self) -> None:
        """Become the plain mean of all weights from now on, beginning with the present ones."""
        self.copies, self.updates, self.plain = _copies(self.weights), 1, True

    def update(self) -> None:
        """Include the present weights."""
        if self.plain:
            get_swa_multi_avg_fn()(self.copies, self.weights, self.updates)
        self.updates += 1
        if not self.plain:
            decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
            get_ema_multi_avg_fn(decay)(self.copies, self.weights, None)

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


def _write(values: list[torch.Tensor], weights: Weights) -> None:
    with torch.no_grad():
        for weight, value in zip(weights, values, strict=True):
            weight.copy_(value)
