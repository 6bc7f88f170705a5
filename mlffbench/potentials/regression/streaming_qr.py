"""Least squares by streaming QR: blocks of rows are reduced to one R factor that fits into memory."""

from __future__ import annotations

import numpy as np
from scipy.linalg import qr

__all__ = ["updated_r_factor"]


def updated_r_factor(r_factor: np.ndarray | None, block: np.ndarray) -> np.ndarray:
    """Return R with RᵀR = the sum of all blocks' BᵀB, so that |B (w, −1)| = |R (w, −1)|."""
    stacked = block if r_factor is None else np.vstack([r_factor, block])
    return qr(stacked, mode="r", overwrite_a=True, check_finite=False)[0][: stacked.shape[1]]
