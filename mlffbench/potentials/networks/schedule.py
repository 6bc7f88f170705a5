"""How the learning rate falls: by the epochs and seconds spent, or where the validation loss stands still."""

from __future__ import annotations

import math
from typing import Any

import torch

__all__ = ["SCHEDULES", "Rate", "factor"]

SCHEDULES = ("plateau", "cosine", "constant")
LAST = 0.01  # of the first learning rate: where cosine and cooldown end


def factor(schedule: str, cooldown: float, spent: float) -> float:
    """What the learning rate is multiplied by when the part `spent` of epochs or seconds is behind.

    torch's own cosine counts epochs; a run that is given seconds does not know how many it will have.

    Parameters
    ----------
    schedule : {'plateau', 'cosine', 'constant'}
        cosine: ½(1 + cos π·spent), never below a hundredth; the others: 1.
    cooldown : float
        Over this last part the rate falls on a line to a hundredth.
    spent : float
        0 at the start, 1 at the end.
    """
    line = 1.0 if cooldown == 0 else min(1.0, max(LAST, (1 - spent) / cooldown))
    wave = max(LAST, (1 + math.cos(math.pi * min(1.0, spent))) / 2) if schedule == "cosine" else 1.0
    return line * wave


class Rate:
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
        """The largest of the groups'."""
        return max(g["lr"] for g in self.optimizer.param_groups)

    def follow(self, spent: float) -> None:
        """Before every batch; a ratio, since the plateau's steps are kept."""
        now = factor(self.schedule, self.cooldown, spent)
        for group in self.optimizer.param_groups:
            group["lr"] *= now / self.factor
        self.factor = now

    def validated(self, loss: float) -> None:
        """After every epoch."""
        if self.schedule == "plateau":
            self.plateau.step(loss)

    def hold(self, rate: float | None) -> None:
        """From here on this rate (None: the present one) for every group, but for the cooldown."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.factor * rate if rate is not None else group["lr"]
        self.schedule = "constant"
