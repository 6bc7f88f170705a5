"""Divergence of an iterative fit."""

from __future__ import annotations

import math

__all__ = ["check_finite"]


def check_finite(value: float, name: str, epoch: int) -> float:
    """The loss that is called so, if it is a number.

    Raises
    ------
    FloatingPointError
        It is not finite.
    """
    if not math.isfinite(value):
        raise FloatingPointError(
            f"diverged at epoch {epoch}: the {name} is {value}; a smaller learning_rate often helps"
        )
    return value
