"""Learning-rate schedules by the fraction of epochs or seconds, or by a plateau of the validation loss."""

from __future__ import annotations

import math
from typing import Any

import torch

from mlffbench.potentials.learning_rate import factor

__all__ = ["SCHEDULES", "LearningRate"]

SCHEDULES = ("plateau", "cosine", "constant")
THRESHOLD = 1e-4  # a validation loss that is lower by less has not fallen


class LearningRate:
    """The learning rates of an optimiser under a schedule.

    The numbers are the host's, `rates`; the optimiser reads them from tensors, which a captured step reads
    again at each replay. torch's own scheduler of plateaus, whose rule this has, puts numbers in the place of
    tensors in some versions.

    Parameters
    ----------
    groups : list of dict
        The optimiser's groups of parameters; each gets a tensor as its ``lr``.
    settings : Settings
    """

    def __init__(self, groups: list[dict[str, Any]], settings: Any) -> None:
        if settings.schedule not in SCHEDULES:
            raise ValueError(f"no schedule {settings.schedule!r}; there are {list(SCHEDULES)}")
        self.settings, self.schedule = settings, settings.schedule
        self.rates = [float(group["lr"]) for group in groups]
        self.tensors = [torch.zeros((), **_kind_of_rate(group["params"][0])) for group in groups]
        for group, tensor in zip(groups, self.tensors, strict=True):
            group["lr"] = tensor
        self.factor, self.lowest, self.waited = 1.0, math.inf, 0
        self._set(self.rates)

    @property
    def value(self) -> float:
        """The largest learning rate of the optimiser's groups."""
        return max(self.rates)

    def follow(self, elapsed: float) -> None:
        """Set the rate for the next batch, by a ratio of factors: the plateau's reductions stay."""
        now = factor(self.schedule, self.settings.cooldown, elapsed)
        if now != self.factor:
            self._set([rate * (now / self.factor) for rate in self.rates])
            self.factor = now

    def reduce_on_plateau(self, loss: float) -> None:
        """Note the validation loss of an epoch; under ``plateau`` reduce the rate if it stands still."""
        if self.schedule != "plateau":
            return
        better = loss < self.lowest * (1 - THRESHOLD)
        self.lowest, self.waited = (loss, 0) if better else (self.lowest, self.waited + 1)
        if self.waited > self.settings.plateau_patience:
            self.waited = 0
            self._set([rate * self.settings.plateau_factor for rate in self.rates])

    def hold(self, rate: float | None) -> None:
        """Hold every group at this rate (None: its present one) from now on; only the cooldown lowers it."""
        if rate is not None:
            self._set([self.factor * rate] * len(self.rates))
        self.schedule = "constant"

    def restore(self, rates: list[float], factor: float, lowest: float, waited: int, schedule: str) -> None:
        """Go on from the values that another schedule of these settings had."""
        self.factor, self.lowest, self.waited, self.schedule = factor, lowest, waited, schedule
        self._set(rates)

    def _set(self, rates: list[float]) -> None:
        self.rates = rates
        for tensor, rate in zip(self.tensors, rates, strict=True):
            tensor.fill_(rate)


def _kind_of_rate(weight: torch.Tensor) -> dict[str, Any]:
    """Device and type of a rate: torch's fused optimisers read single precision on a GPU, double on a CPU."""
    return {"device": weight.device, "dtype": torch.float32 if weight.is_cuda else torch.float64}
