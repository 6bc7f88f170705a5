"""Total energies in kcal/mol, Hartree and the like."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.energy_force_consistency import AGREE, force_slope
from mlffbench.datasets.checks.common.frame_selection import usable
from mlffbench.datasets.checks.common.units import ENERGY, all_electron_energy, nearest_unit

__all__ = ["energy_units"]


def energy_units(dataset: Dataset, tolerance: float = 1.03) -> list[Finding]:
    """All-electron total energies that are those of the atoms, but in another unit than eV.

    The energy of free atoms is 99 % of a molecule's, and known. Energies of pseudopotentials and energies of
    formation say nothing here.
    """
    frames = [dataset.frames[int(i)] for i in usable(dataset)]
    known = np.array([all_electron_energy(a.numbers) if a.numbers.max() > 2 else np.nan for a in frames])
    ratio = dataset.labels.energy[usable(dataset)] / known
    if not np.isfinite(ratio).any() or np.nanmedian(ratio) <= 0:
        return []
    middle = float(np.nanmedian(ratio))
    unit = nearest_unit(1 / middle, ENERGY, tolerance)
    if unit in (None, "eV"):
        return []
    text = (
        f"the energies look like {unit}: they are {middle:.4g} times the total energies of the free atoms in "
        "eV; convert to eV"
    )
    slope = force_slope(dataset)
    at_odds = slope is not None and not 1 / AGREE < abs(slope.value) < AGREE
    organic = max(int(a.numbers.max()) for a in frames) <= 10  # no pseudopotential comes near by chance
    return [Finding("energy_units", text, certain=middle > 1 or at_odds or organic)]
