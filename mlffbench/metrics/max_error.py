"""Largest absolute error."""

from __future__ import annotations

import numpy as np

__all__ = ["max_error"]


def max_error(true: np.ndarray, predicted: np.ndarray) -> float:
    """max |predicted − true|"""
    return float(np.max(np.abs(np.asarray(predicted) - np.asarray(true))))
