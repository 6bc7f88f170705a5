"""Size of energies that stand alone: against the strain of bonds, or against what a composition leaves open.

The energy of thermal frames of the same atoms rises with the strain energy of their bonds, ½ Σ k (r − r̄)²,
with a slope of 0.7 to 1.7 in molecules, covalent crystals and metals. It needs no forces.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import covalent_radii

from mlffbench.data import Dataset
from mlffbench.datasets.checks.common.bond_stiffness import BONDED, METALS, STRENGTH
from mlffbench.datasets.checks.common.force_scale import ordinary_distances
from mlffbench.datasets.checks.common.frame_selection import families, subsample
from mlffbench.datasets.checks.common.memoise import memoised
from mlffbench.datasets.checks.common.metal_stiffness import bulk_modulus
from mlffbench.descriptors.neighbours import neighbour_list

__all__ = ["EnergyScale", "energy_scale"]

FACTOR, CORRELATED = 8.0, 0.45  # slopes are within this factor of 1; least correlation with the strain
LEAST, MOST, FAMILIES = 20, 100, 3  # frames of a family; families
STABLE, SHARE = 0.95, 0.9  # a bond is in this share of frames; and most bonds of a frame are such bonds
SPREAD = 2.0  # eV an atom: of frames with bonds of ordinary length around the energies of their composition
LEAST_DIVERSE = 10  # frames more than elements
Bonds = dict[tuple[int, ...], tuple[float, float]]


@dataclass(frozen=True)
class EnergyScale:
    """Energies over expected ones, about 1 for eV; `fact` says what was compared."""

    ratio: float
    fact: str
    is_unlikely: bool


@memoised
def energy_scale(dataset: Dataset) -> EnergyScale | None:
    """Return the slope of the energy on the strain of bonds, else too large a spread, else None."""
    for family in families(dataset)[:FAMILIES]:
        slope = _slope(dataset, subsample(family, MOST)) if len(family) >= LEAST else None
        if slope is not None:
            fact = f"they rise {slope:.3g} times as steeply with the strain of bonds as chemistry has it"
            return EnergyScale(slope, fact, not 1 / FACTOR < slope < FACTOR)
    spread = _spread(dataset)
    if spread is None or spread <= SPREAD:
        return None
    fact = f"they spread by {spread:.3g} eV an atom around those of their composition, at ordinary distances"
    return EnergyScale(spread, fact, True)


def _slope(dataset: Dataset, family: np.ndarray) -> float | None:
    """Slope of the energy on the strain of the bonds that all frames have; None without a correlation."""
    bonds = [_bonds(dataset.frames[int(i)]) for i in family]
    counts = Counter(key for frame in bonds for key in frame)
    stable = {key for key, n in counts.items() if n >= STABLE * len(bonds)}
    if not stable or np.mean([len(stable & b.keys()) / max(1, len(b)) for b in bonds]) < SHARE:
        return None
    middle = {key: np.median([b[key][0] for b in bonds if key in b]) for key in stable}
    strain = np.array([
        sum(0.5 * b[key][1] * (b[key][0] - middle[key]) ** 2 for key in stable & b.keys()) for b in bonds
    ])  # fmt: skip
    energy = dataset.labels.energy[family]
    x, y = strain - strain.mean(), energy - energy.mean()
    if not x.any() or not y.any() or np.corrcoef(x, y)[0, 1] < CORRELATED:
        return None
    return float(x @ y / (x @ x))


def _bonds(atoms: Atoms) -> Bonds:
    """Length and expected force constant of each bond, by its atoms and periodic image."""
    radii, modulus = covalent_radii[atoms.numbers], bulk_modulus(atoms)
    i, j, shift, length = neighbour_list("ijSd", atoms, float(BONDED * 2 * radii.max()))
    total = radii[i] + radii[j]
    keep = (length < BONDED * total) & (i <= j)
    if modulus is None:
        keep &= ~np.isin(atoms.numbers[[i, j]], list(METALS)).any(axis=0)
    constant = STRENGTH / total**2 if modulus is None else np.full(len(i), 1.5 * modulus * radii.mean())
    rows = zip(i[keep], j[keep], shift[keep], length[keep], constant[keep], strict=True)
    return {(int(a), int(b), *map(int, s)): (float(r), float(k)) for a, b, s, r, k in rows}


def _spread(dataset: Dataset) -> float | None:
    """Median deviation, eV an atom, from a linear fit to the composition; None for few frames."""
    frames = np.array(ordinary_distances(dataset), dtype=int)
    structures = [dataset.frames[int(i)] for i in frames]
    elements = sorted({z for atoms in structures for z in atoms.numbers.tolist()})
    if len(frames) < len(elements) + LEAST_DIVERSE:
        return None
    counts = np.array([[np.mean(atoms.numbers == z) for z in elements] for atoms in structures])
    energy = dataset.labels.energy[frames] / np.array([len(atoms) for atoms in structures])
    fitted = counts @ np.linalg.lstsq(counts, energy, rcond=None)[0]
    return float(np.median(np.abs(energy - fitted)))
