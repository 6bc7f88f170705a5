"""Averages of the weights while they are trained, and the best of them."""

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

    def restart_plain(self) -> None:
        """From here on the mean of all weights seen, the present ones the first of them."""
        self.copies, self.updates, self.plain = _copies(self.weights), 1, True

    def update(self) -> None:
        """See the present weights."""
        if self.plain:
            get_swa_multi_avg_fn()(self.copies, self.weights, self.updates)
        self.updates += 1
        if not self.plain:
            decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
            get_ema_multi_avg_fn(decay)(self.copies, self.weights, None)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The averaged weights in the module."""
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

    def see(self, value: float, epoch: int, weights: Weights) -> None:
        if value < self.value:
            self.value, self.epoch = value, epoch
            self.copies = _copies(weights)

    def restart(self, epoch: int) -> None:
        """Another loss is measured from here on; the weights are kept until it has been."""
        self.value, self.epoch = math.inf, epoch

    def restore(self, weights: Weights) -> None:
        """Write them into the module; nothing where no epoch has ended yet."""
        _write(self.copies or _copies(weights), weights)


def _copies(weights: Weights) -> list[torch.Tensor]:
    return [w.detach().clone() for w in weights]


def _write(values: list[torch.Tensor], weights: Weights) -> None:
    with torch.no_grad():
        for weight, value in zip(weights, values, strict=True):
            weight.copy_(value)
