"""Mean absolute error."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["mae"]


def mae(true: np.ndarray, predicted: np.ndarray, axis: int | None = None) -> Any:
    """⟨|predicted − true|⟩, of all values or along an axis"""
    return np.mean(np.abs(np.asarray(predicted) - np.asarray(true)), axis=axis)
