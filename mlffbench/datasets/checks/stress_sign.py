"""Stresses with flipped sign: pressures and virials."""

from __future__ import annotations

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.energy_force_consistency import stress_slope

__all__ = ["stress_sign"]


def stress_sign(dataset: Dataset) -> list[Finding]:
    """Stresses with flipped sign, as VASP and virials have them; ASE's is σ = (dE/dε)/V.

    Between near frames of different cells, E_j − E_i ≈ s · ½ (V_i σ_i + V_j σ_j):ε beside the work of the
    forces; s < 0 means a flipped sign.
    """
    slope = stress_slope(dataset)
    if slope is None or slope.value > 0:
        return []
    text = (
        f"the stress has the wrong sign: against it the energy falls in {slope.n} pairs of near frames with "
        f"strained cells; VASP's stress and virials are minus ASE's, multiply by -1"
    )
    return [Finding("stress_sign", text, certain=True)]
