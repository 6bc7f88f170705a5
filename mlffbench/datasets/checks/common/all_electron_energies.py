"""All-electron energies of free atoms, and the unit of total energies that follows from them.

The energy of its free atoms is 99 % of a molecule's total energy, and known without a calculation.
"""

from __future__ import annotations

import numpy as np
from ase.units import Hartree

from mlffbench.data import Dataset
from mlffbench.datasets.checks.common.frame_selection import usable_frames
from mlffbench.datasets.checks.common.units import ENERGY, nearest_unit

__all__ = ["TOLERANCE", "all_electron_energy", "all_electron_ratio", "foreign_energy_unit"]

TOLERANCE = 1.03  # total energies agree with those of the free atoms within this factor


def all_electron_energy(numbers: np.ndarray) -> float:
    """Total energy of free atoms, eV: within 2 % for second-row elements and beyond, 8 % for hydrogen.

    E(Z) = −0.768745 Z^(7/3) + Z²/2 − 0.269900 Z^(5/3) Hartree: Thomas and Fermi's, Scott's and Schwinger's
    terms (B.-G. Englert, J. Schwinger, Phys. Rev. A 32, 26 (1985)). Codes with pseudopotentials are far off.
    """
    z = np.asarray(numbers, dtype=float)
    return float(np.sum(-0.768745 * z ** (7 / 3) + z**2 / 2 - 0.2699 * z ** (5 / 3)) * Hartree)


def all_electron_ratio(dataset: Dataset) -> float | None:
    """Return the median of E / Σ E(Z) over the frames, or None where no frame has an atom beyond helium."""
    indices = usable_frames(dataset)
    frames = [dataset.frames[int(i)] for i in indices]
    free = np.array([all_electron_energy(a.numbers) if a.numbers.max() > 2 else np.nan for a in frames])
    ratio = dataset.labels.energy[indices] / free
    return float(np.nanmedian(ratio)) if np.isfinite(ratio).any() else None


def foreign_energy_unit(dataset: Dataset, tolerance: float = TOLERANCE) -> str | None:
    """Return the unit other than eV in which the energies are all-electron total energies, if there is one.

    Energies of pseudopotentials and energies of formation are of no such unit: None.
    """
    ratio = all_electron_ratio(dataset)
    if ratio is None or ratio <= 0:
        return None
    unit = nearest_unit(1 / ratio, ENERGY, tolerance)
    return None if unit == "eV" else unit
