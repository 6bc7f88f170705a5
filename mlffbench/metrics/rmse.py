"""Root mean square error."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["rmse"]


def rmse(true: np.ndarray, predicted: np.ndarray, axis: int | None = None) -> Any:
    """√⟨(predicted − true)²⟩, of all values or along an axis"""
    return np.sqrt(np.mean(np.square(np.asarray(predicted) - np.asarray(true)), axis=axis))
