"""Gradients stored as forces."""

from __future__ import annotations

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.energy_force_consistency import force_slope

__all__ = ["force_sign"]


def force_sign(dataset: Dataset) -> list[Finding]:
    """Forces with flipped sign, along which the energy rises.

    Between near frames, E_j − E_i ≈ s · [−½ Σ (F_i + F_j)·Δx]; s < 0 means gradients instead of forces.
    """
    slope = force_slope(dataset)
    if slope is None or slope.value > 0:
        return []
    text = (
        f"the forces have the wrong sign: along them the energy rises in {slope.n} pairs of near frames"
        f"; these are gradients, multiply them by -1"
    )
    return [Finding("force_sign", text, certain=True)]
