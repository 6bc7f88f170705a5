"""Zero of the energies: nuclei and electrons (total energies), free atoms (atomised energies), or mixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlffbench.data import Dataset
from mlffbench.datasets.checks.common.all_electron_energies import foreign_energy_unit
from mlffbench.datasets.checks.common.frame_selection import families, usable_frames
from mlffbench.datasets.checks.common.memoise import memoised

__all__ = ["EnergyZero", "energy_zero"]

BOUND = 15.0  # eV an atom: no solid or molecule is bound more
DEEP = 30.0  # eV an atom: total energies from here on are not atomised ones


@dataclass(frozen=True)
class EnergyZero:
    """Frames with atomised and with total energies, and typical energies per atom.

    Attributes
    ----------
    atomised, total : (n,) arrays of int
        Frames, as far as their energies are clearly of one kind.
    energy, free, binding : float
        Medians in eV an atom of E, of E₀ = Σ ``atomic_energies`` and of E − E₀; NaN where E₀ is unknown.
    is_foreign : bool
        E − E₀ is no binding energy, nor the energies' unit the reason: E₀ is of another code, level or unit.
    """

    atomised: np.ndarray
    total: np.ndarray
    energy: float = np.nan
    free: float = np.nan
    binding: float = np.nan
    is_foreign: bool = False

    @property
    def is_mixed(self) -> bool:
        """Atomised and total energies in one dataset."""
        return len(self.atomised) > 0 and len(self.total) > 0

    @property
    def is_atomised(self) -> bool:
        """Atomised energies beside total energies of the atoms."""
        return len(self.atomised) > 0 and len(self.total) == 0

    @property
    def is_consistent(self) -> bool:
        """One zero for all frames and for the atomic energies."""
        return not (self.is_mixed or self.is_atomised or self.is_foreign)


@memoised
def energy_zero(dataset: Dataset) -> EnergyZero:
    """Classify energies as total or atomised.

    With deep atomic energies E₀ (more than 30 eV an atom), a frame is total where E is nearer to Σ E₀ than to
    zero, and atomised where it is within 15 eV an atom of zero. Without atomic energies, frames of one
    composition are compared with each other.
    """
    frames = usable_frames(dataset)
    atoms = dataset.atomic_energies
    if len(frames) == 0:
        return EnergyZero(frames, frames)
    if not atoms or not set(dataset.elements) <= set(atoms):
        return EnergyZero(*_compare_within_compositions(dataset))
    sizes = np.array([len(dataset.frames[int(i)]) for i in frames])
    energies = dataset.labels.energy[frames]
    free = np.array([sum(atoms[s] for s in dataset.frames[int(i)].symbols) for i in frames])
    deep = np.abs(free) > DEEP * sizes
    atomised = (
        deep & (np.abs(energies) < BOUND * sizes) & (np.abs(energies) < 0.2 * np.abs(free)) & (energies != 0)
    )
    total = deep & (energies / np.where(deep, free, 1) > 0.5)
    energy, e0, binding = (float(np.median(e / sizes)) for e in (energies, free, energies - free))
    is_bound = -BOUND < binding < BOUND / 3
    is_foreign = not atomised.any() and not is_bound and foreign_energy_unit(dataset) is None
    return EnergyZero(frames[atomised], frames[total], energy, e0, binding, is_foreign)


def _compare_within_compositions(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the atomised and the total frames of compositions that have both."""
    atomised: list[int] = []
    total: list[int] = []
    for family in families(dataset):
        energy = dataset.labels.energy[family] / len(dataset.frames[int(family[0])])
        shallow, deep = (np.abs(energy) < BOUND) & (energy != 0), energy < -DEEP
        if shallow.any() and deep.any():
            atomised.extend(family[shallow])
            total.extend(family[deep])
    return np.array(atomised, dtype=int), np.array(total, dtype=int)
