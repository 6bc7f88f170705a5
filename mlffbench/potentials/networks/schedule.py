"""Learning-rate schedules by the fraction of epochs or seconds, or by a plateau of the validation loss."""

from __future__ import annotations

import math
from typing import Any

import torch

__all__ = ["SCHEDULES", "LearningRate", "factor"]

SCHEDULES = ("plateau", "cosine", "constant")
LAST = 0.01  # fraction of the first learning rate where cosine and cooldown end


def factor(schedule: str, cooldown: float, elapsed: float) -> float:
    """Learning-rate factor after a fraction of the training budget.

    torch's own cosine counts epochs; a run that is given seconds does not know how many it will have.

    Parameters
    ----------
    schedule : {'plateau', 'cosine', 'constant'}
        cosine: ½(1 + cos π·elapsed), never below a hundredth; the others: 1.
    cooldown : float
        Last fraction of the budget, over which the rate falls linearly to a hundredth.
    elapsed : float
        Fraction of epochs or seconds: 0 at the start, 1 at the end.
    """
    line = 1.0 if cooldown == 0 else min(1.0, max(LAST, (1 - elapsed) / cooldown))
    wave = max(LAST, (1 + math.cos(math.pi * min(1.0, elapsed))) / 2) if schedule == "cosine" else 1.0
    return line * wave


class LearningRate:
    """The learning rates of an optimiser under a schedule."""

    def __init__(self, optimizer: torch.optim.Optimizer, settings: Any) -> None:
        if settings.schedule not in SCHEDULES:
            raise ValueError(f"no schedule {settings.schedule!r}; there are {list(SCHEDULES)}")
        self.optimizer, self.schedule, self.cooldown = optimizer, settings.schedule, settings.cooldown
        self.factor = 1.0
        self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, patience=settings.plateau_patience, factor=settings.plateau_factor
        )

    @property
    def value(self) -> float:
        """The largest learning rate of the optimiser's groups."""
        return max(g["lr"] for g in self.optimizer.param_groups)

    def follow(self, elapsed: float) -> None:
        """Set the rate for the next batch, by a ratio of factors: the plateau's reductions stay."""
        now = factor(self.schedule, self.cooldown, elapsed)
        for group in self.optimizer.param_groups:
            group["lr"] *= now / self.factor
        self.factor = now

    def reduce_on_plateau(self, loss: float) -> None:
        """Note the validation loss of an epoch; under ``plateau`` reduce the rate if it stands still."""
        if self.schedule == "plateau":
            self.plateau.step(loss)

    def hold(self, rate: float | None) -> None:
        """Hold every group at this rate (None: its present one) from now on; only the cooldown lowers it."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.factor * rate if rate is not None else group["lr"]
        self.schedule = "constant"
