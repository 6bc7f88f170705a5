"""Stresses in GPa or kbar, and virials."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.energy_force_consistency import (
    AGREE,
    force_slope,
    stress_pairs,
    stress_slope,
)
from mlffbench.datasets.checks.common.units import ENERGY, STRESS

__all__ = ["stress_units"]

ROUGHLY = 1.6  # strained and rattled cells are less harmonic than molecules; the units are 10 and more apart


def stress_units(dataset: Dataset) -> list[Finding]:
    """Stresses that do not fit the energies of strained cells: GPa, kbar, or virials in eV.

    Energy differences of near frames with different cells over the work of the stress are 1 for stresses in
    eV/Å³.
    """
    slope = stress_slope(dataset)
    if slope is None:
        return []
    value, forces = abs(slope.value), force_slope(dataset)
    at_odds = forces is not None and not 1 / AGREE < abs(forces.value) < AGREE
    expected = [1 / e for e in ENERGY.values()] if at_odds else [1.0]  # the energies may be wrong instead
    if any(1 / ROUGHLY < value / ratio < ROUGHLY for ratio in expected):
        return []
    units = STRESS | {"a virial in eV": 1 / _volume(dataset)}
    near = [name for name, size in units.items() if 1 / AGREE < value / size < AGREE]
    looks = f"the stress looks like {' or '.join(near)}" if near else "the stress does not fit the energies"
    text = (
        f"{looks}: it is {1 / value:.4g} times what the energies of {slope.n} pairs of near frames with "
        "strained cells say; convert to eV/Å³ (1 eV/Å³ is 160.2 GPa, 1602 kbar)"
    )
    return [Finding("stress_units", text, certain=True)]


def _volume(dataset: Dataset) -> float:
    """Median volume of the frames compared, Å³."""
    return float(np.median([dataset.frames[int(i)].get_volume() for i in stress_pairs(dataset).i]))
