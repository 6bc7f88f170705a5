"""Total energies where atomised ones are meant, the reverse, and both in one file."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.frame_selection import families, usable
from mlffbench.datasets.checks.energy_units import energy_units

__all__ = ["energy_reference"]

BOUND = 15.0  # eV an atom: no solid or molecule is bound more
DEEP = 30.0  # eV an atom: total energies from here on are not atomised ones


def energy_reference(dataset: Dataset) -> list[Finding]:
    """Energies that are total in some frames and atomised in others, or do not belong to `atomic_energies`.

    With deep atomic energies E₀ (more than 30 eV an atom), a frame is total where E is nearer to Σ E₀ than to
    zero, and atomised where it is within 15 eV an atom of zero. Without them, frames of one composition are
    compared with each other.
    """
    frames = usable(dataset)
    sizes = np.array([len(dataset.frames[int(i)]) for i in frames])
    energies = dataset.labels.energy[frames]
    atoms = dataset.atomic_energies
    if len(frames) == 0:
        return []
    if not atoms or not set(dataset.elements) <= set(atoms):
        return _mixture(dataset, frames, *_told_by_composition(dataset))
    free = np.array([sum(atoms[s] for s in dataset.frames[int(i)].symbols) for i in frames])
    deep = np.abs(free) > DEEP * sizes
    atomised = (
        deep & (np.abs(energies) < BOUND * sizes) & (np.abs(energies) < 0.2 * np.abs(free)) & (energies != 0)
    )
    total = deep & (energies / np.where(deep, free, 1) > 0.5)
    if atomised.any() and total.any():
        return _mixture(dataset, frames, frames[atomised], frames[total])
    if atomised.any():
        text = (
            f"the energies are atomised, {np.median(energies / sizes):.3g} eV an atom, but atomic_energies "
            f"are total, {np.median(free / sizes):.4g} eV an atom; give none, or total energies"
        )
        return [Finding("energy_reference", text, certain=True)]
    return _foreign(dataset, (energies - free) / sizes)


def _told_by_composition(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Atomised and total frames of compositions that have both."""
    both: tuple[list[int], list[int]] = ([], [])
    for family in families(dataset):
        energy = dataset.labels.energy[family] / len(dataset.frames[int(family[0])])
        shallow, deep = (np.abs(energy) < BOUND) & (energy != 0), energy < -DEEP
        if shallow.any() and deep.any():
            both[0].extend(family[shallow])
            both[1].extend(family[deep])
    return np.array(both[0], dtype=int), np.array(both[1], dtype=int)


def _mixture(dataset: Dataset, frames: np.ndarray, atomised: np.ndarray, total: np.ndarray) -> list[Finding]:
    if len(atomised) == 0 or len(total) == 0:
        return []
    fewer = np.sort(min(atomised, total, key=len))
    text = (
        f"energies are atomised in {len(atomised)} and total in {len(total)} of {len(frames)} frames; "
        "subtract the atoms' energies in all or in none"
    )
    return [Finding("energy_reference", text, tuple(int(i) for i in fewer), certain=True)]


def _foreign(dataset: Dataset, bound: np.ndarray) -> list[Finding]:
    """Atomic energies of another code, level or unit."""
    middle = float(np.median(bound))
    if -BOUND < middle < BOUND / 3 or energy_units(dataset):
        return []
    text = (
        f"the energies less those of the atoms are {middle:.4g} eV an atom, which is no binding energy"
        f"; atomic_energies are of another code, level of theory or unit"
    )
    return [Finding("energy_reference", text)]
