"""Seeds and validation splits of iterative fits; no framework is imported."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["holdout", "seed_of"]


def seed_of(random_state: Any) -> int:
    """An integer seed from scikit-learn's ``random_state``: None, a number or a generator."""
    return int(check_random_state(random_state).randint(2**31 - 1))


def holdout(n: int, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices to train on and to validate on; at least one each, unless the fraction is 0 or n is 1."""
    if not 0 <= fraction < 1:
        raise ValueError(f"validation_fraction must be in [0, 1); got {fraction}")
    order = np.random.default_rng(seed).permutation(n)
    held = 0 if fraction == 0 or n == 1 else min(max(1, round(fraction * n)), n - 1)
    return np.sort(order[held:]), np.sort(order[:held])
