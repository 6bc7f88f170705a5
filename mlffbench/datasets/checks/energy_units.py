"""Energies in kcal/mol, Hartree and the like."""

from __future__ import annotations

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.all_electron_energies import (
    TOLERANCE,
    all_electron_ratio,
    foreign_energy_unit,
)
from mlffbench.datasets.checks.common.energy_force_consistency import AGREE, force_slope
from mlffbench.datasets.checks.common.energy_scale import energy_scale
from mlffbench.datasets.checks.common.frame_selection import usable_frames

__all__ = ["energy_units"]


def energy_units(dataset: Dataset, tolerance: float = TOLERANCE) -> list[Finding]:
    """Energies in another unit than eV: all-electron total energies, and any that no forces speak for.

    The energy of its free atoms is 99 % of a molecule's, and known: energies of 0.0367 times that are in
    Hartree. Other energies are compared with the strain of bonds, or with what a composition leaves open,
    where no work of forces between near frames speaks for their unit.
    """
    ratio, unit = all_electron_ratio(dataset), foreign_energy_unit(dataset, tolerance)
    if ratio is None or unit is None:
        return _unlike_bonds(dataset) if force_slope(dataset) is None else []
    text = (
        f"the energies look like {unit}: they are {ratio:.4g} times the total energies of the free atoms in "
        "eV; convert to eV"
    )
    slope = force_slope(dataset)
    at_odds = slope is not None and not 1 / AGREE < abs(slope.value) < AGREE
    heaviest = max(int(dataset.frames[int(i)].numbers.max()) for i in usable_frames(dataset))
    organic = heaviest <= 10  # no pseudopotential comes near by chance
    return [Finding("energy_units", text, certain=ratio > 1 or at_odds or organic)]


def _unlike_bonds(dataset: Dataset) -> list[Finding]:
    """The warning of energies that are far too large or too small for the strain of bonds."""
    scale = energy_scale(dataset)
    if scale is None or not scale.is_unlikely:
        return []
    units = ["kcal/mol", "kJ/mol", "meV"] if scale.ratio > 1 else ["Hartree", "Rydberg"]
    text = f"the energies look like no eV: {scale.fact}; are they in {' or '.join(units)}? convert to eV"
    return [Finding("energy_units", text)]
