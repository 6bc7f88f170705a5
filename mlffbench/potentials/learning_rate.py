"""Learning-rate factor of a schedule; no framework is imported."""

from __future__ import annotations

import math

__all__ = ["factor"]

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
