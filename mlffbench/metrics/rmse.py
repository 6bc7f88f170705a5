"""Root mean square error."""

from __future__ import annotations

import numpy as np

__all__ = ["rmse"]


def rmse(true: np.ndarray, predicted: np.ndarray) -> float:
    """√⟨(predicted − true)²⟩"""
    return float(np.sqrt(np.mean(np.square(np.asarray(predicted) - np.asarray(true)))))
