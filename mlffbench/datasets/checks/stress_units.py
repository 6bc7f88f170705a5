"""Stresses in GPa or kbar, and virials."""

from __future__ import annotations

import numpy as np
from ase.units import GPa

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.energy_force_consistency import (
    AGREE,
    force_slope,
    stress_pairs,
    stress_slope,
)
from mlffbench.datasets.checks.common.force_scale import force_scale, ordinary_distances
from mlffbench.datasets.checks.common.frame_selection import stress_of
from mlffbench.datasets.checks.common.metal_stiffness import bulk_modulus
from mlffbench.datasets.checks.common.stress_scale import relative_stress
from mlffbench.datasets.checks.common.units import ENERGY, STRESS

__all__ = ["stress_units"]

ROUGHLY = 1.6  # strained and rattled cells are less harmonic than molecules; the units are 10 and more apart
LARGE, LARGEST_STRAIN, LEAST = 1.0, 1.5, 5  # eV/Å³; stress over bulk modulus; frames
SOFT, FAR, SMALL = 0.2, 30.0, 1 / 30  # eV/Å³; stresses over those of the forces


def stress_units(dataset: Dataset) -> list[Finding]:
    """Stresses that do not fit the energies of strained cells: GPa, kbar, or virials in eV.

    Energy differences of near frames with different cells over the work of the stress are 1 for stresses in
    eV/Å³. Where there are no such frames, stresses are too large that bonds of ordinary length cannot bear,
    and stresses are too large or too small that do not fit the forces of displaced atoms.
    """
    slope = stress_slope(dataset)
    if slope is None:
        return _too_large(dataset) or _unlike_forces(dataset)
    value, forces = abs(slope.value), force_slope(dataset)
    scale = force_scale(dataset)
    at_odds = forces is not None and not 1 / AGREE < abs(forces.value) < AGREE
    at_odds |= scale is not None and scale.is_unlikely
    expected = [1 / e for e in ENERGY.values()] if at_odds else [1.0]  # the energies may be wrong instead
    if any(1 / ROUGHLY < value / ratio < ROUGHLY for ratio in expected):
        return _too_large(dataset)
    units = STRESS | {"a virial in eV": 1 / _volume(dataset)}
    near = [name for name, size in units.items() if 1 / AGREE < value / size < AGREE]
    looks = f"the stress looks like {' or '.join(near)}" if near else "the stress does not fit the energies"
    text = (
        f"{looks}: it is {1 / value:.4g} times what the energies of {slope.n} pairs of near frames with "
        "strained cells say; convert to eV/Å³ (1 eV/Å³ is 160.2 GPa, 1602 kbar)"
    )
    return [Finding("stress_units", text, certain=True)]


def _too_large(dataset: Dataset) -> list[Finding]:
    """The warning of stresses that half of the frames of ordinary bonds could not bear."""
    rows = []
    for i in ordinary_distances(dataset):
        if (stress := stress_of(dataset, i)) is not None:
            modulus = bulk_modulus(dataset.frames[i])
            most = LARGE if modulus is None else min(LARGE, modulus * LARGEST_STRAIN)
            rows.append((float(np.abs(stress).max()), most))
    if len(rows) < LEAST or np.median([size / most for size, most in rows]) <= 1:
        return []
    size = float(np.median([size for size, _ in rows]))
    text = (
        f"the stresses are too large for bonds of ordinary length: {size:.3g} eV/Å³, which is "
        f"{size / GPa:.3g} GPa, in half of the frames; are they in GPa or kbar, or virials in eV? convert to "
        "eV/Å³ (1 eV/Å³ is 160.2 GPa, 1602 kbar)"
    )
    return [Finding("stress_units", text)]


def _unlike_forces(dataset: Dataset) -> list[Finding]:
    """The warning of stresses that do not fit the forces, where these are as large as bonds have them."""
    ratio, forces, scale = relative_stress(dataset), force_slope(dataset), force_scale(dataset)
    at_odds = forces is not None and not 1 / AGREE < abs(forces.value) < AGREE
    if ratio is None or at_odds or (scale is not None and scale.is_unlikely):
        return []
    stresses = [s for i in ordinary_distances(dataset) if (s := stress_of(dataset, i)) is not None]
    size = float(np.median([np.abs(s).max() for s in stresses]))
    if ratio > SMALL and not (ratio > FAR and size > SOFT):
        return []
    units = "GPa or kbar, or virials in eV" if ratio > 1 else "Hartree/bohr³ or Rydberg/bohr³"
    text = (
        f"the stresses are {ratio:.3g} times those that the forces of displaced atoms make: are they in "
        f"{units}? convert to eV/Å³ (1 eV/Å³ is 160.2 GPa, 1602 kbar, 0.00544 Hartree/bohr³)"
    )
    return [Finding("stress_units", text)]


def _volume(dataset: Dataset) -> float:
    """Median volume of the frames compared, Å³."""
    return float(np.median([dataset.frames[int(i)].get_volume() for i in stress_pairs(dataset).i]))
