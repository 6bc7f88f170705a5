"""Largest absolute error."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["max_error"]


def max_error(true: np.ndarray, predicted: np.ndarray, axis: int | None = None) -> Any:
    """max |predicted − true|, of all values or along an axis"""
    return np.max(np.abs(np.asarray(predicted) - np.asarray(true)), axis=axis)
