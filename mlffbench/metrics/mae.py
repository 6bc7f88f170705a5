"""Mean absolute error."""

from __future__ import annotations

import numpy as np

__all__ = ["mae"]


def mae(true: np.ndarray, predicted: np.ndarray) -> float:
    """⟨|predicted − true|⟩"""
    return float(np.mean(np.abs(np.asarray(predicted) - np.asarray(true))))
