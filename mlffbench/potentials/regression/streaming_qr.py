"""Least squares over more rows than fit into memory: blocks reduced to one triangle."""

from __future__ import annotations

import numpy as np
from scipy.linalg import qr

__all__ = ["reduced"]


def reduced(triangle: np.ndarray | None, block: np.ndarray) -> np.ndarray:
    """R with RᵀR = the sum of all blocks' BᵀB, so that |B (w, −1)| = |R (w, −1)|."""
    stacked = block if triangle is None else np.vstack([triangle, block])
    return qr(stacked, mode="r", overwrite_a=True, check_finite=False)[0][: stacked.shape[1]]
