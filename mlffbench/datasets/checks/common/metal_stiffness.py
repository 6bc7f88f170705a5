"""Stiffness of metals, from positions and forces alone: a scale of the forces without energies.

The mean force constant of an atom is about 3 B d, with the bulk modulus B and the distance d of nearest
neighbours: 0.5 eV/Å² in sodium, 7 in copper, 18 in tungsten, within a factor of two. Tables of B differ
by less: pymatgen's (``periodic_table.json``) has 100 GPa for Ag, 76 for Al and 220 for Au.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii
from ase.units import GPa

from mlffbench.data import Dataset
from mlffbench.datasets.checks.common.frame_pairs import near_pairs
from mlffbench.datasets.checks.common.frame_selection import forces_of, usable_frames
from mlffbench.datasets.checks.common.memoise import memoised

__all__ = ["bulk_modulus", "relative_metal_forces", "relative_metal_stiffness"]

BULK_MODULI = {  # GPa, at room temperature: C. Kittel, Introduction to Solid State Physics, chapter 3
    **{"Li": 11.6, "Be": 100, "Na": 6.8, "Mg": 35.4, "Al": 72.2, "K": 3.2, "Ca": 15.2, "Sc": 43.5},
    **{"Ti": 105, "V": 162, "Cr": 190, "Mn": 59.6, "Fe": 168, "Co": 191, "Ni": 186, "Cu": 137, "Zn": 59.8},
    **{"Ga": 56.9, "Rb": 3.1, "Sr": 11.6, "Y": 36.6, "Zr": 83.3, "Nb": 170, "Mo": 272, "Tc": 297, "Ru": 321},
    **{"Rh": 270, "Pd": 181, "Ag": 101, "Cd": 46.7, "In": 41.1, "Cs": 2.0, "Ba": 10.3, "La": 24.3, "Hf": 109},
    **{"Ta": 200, "W": 323, "Re": 372, "Os": 418, "Ir": 355, "Pt": 278, "Au": 173, "Tl": 35.9, "Pb": 43.0},
}
MODULI = {atomic_numbers[symbol]: value * GPa for symbol, value in BULK_MODULI.items()}
NEAR, LEAST, MOST = 0.5, 10, 60  # Å; pairs of frames
AMPLITUDE = 0.1  # Å: typical displacement of atoms from where they are at rest


def bulk_modulus(atoms: Atoms) -> float | None:
    """Mean bulk modulus of the elements, eV/Å³; None where one is no metal of the table."""
    if len(atoms) == 0 or not all(z in MODULI for z in set(atoms.numbers.tolist())):
        return None
    return float(np.exp(np.mean([np.log(MODULI[z]) for z in atoms.numbers.tolist()])))


def _expected(atoms: Atoms) -> float | None:
    """Force constant 3 B d of a periodic metal, eV/Å²; None for other frames."""
    modulus = bulk_modulus(atoms) if atoms.pbc.any() and len(atoms) > 1 else None
    return None if modulus is None else 3 * modulus * 2 * float(np.mean(covalent_radii[atoms.numbers]))


@memoised
def relative_metal_stiffness(dataset: Dataset) -> float | None:
    """Mean force constant between near frames of metals over the expected one; None without such frames.

    k = −Σ ΔF·Δx / Σ |Δx|², which is the mean curvature along the displacements; about 1 for forces in eV/Å.
    """
    near = near_pairs(dataset)
    near = near[np.isfinite(near.force_work) & (near.distance < NEAR) & (near.distance > 1e-3)]
    near = near[near.strain < 1e-3]
    near = near[np.argsort(near.distance, kind="stable")[:MOST]]
    ratios = []
    for i, j in zip(near.i.tolist(), near.j.tolist(), strict=True):
        one, two = dataset.frames[i], dataset.frames[j]
        first, second, expected = forces_of(dataset, i), forces_of(dataset, j), _expected(one)
        if expected is None or first is None or second is None:
            continue
        scaled = (two.positions - one.positions) @ np.linalg.inv(np.asarray(one.cell.complete()))
        moved = (scaled - np.round(scaled) * one.pbc) @ np.asarray(one.cell.complete())
        moved -= moved.mean(axis=0)
        ratios.append(-np.sum((second - first) * moved) / np.sum(moved**2) / expected)
    return float(np.median(ratios)) if len(ratios) >= LEAST else None


@memoised
def relative_metal_forces(dataset: Dataset) -> float | None:
    """Median of the root mean square force of metals over that of a displacement of 0.1 Å; None without.

    Needs no near frames; displacements of 0.02 to 0.5 Å are usual.
    """
    ratios = []
    for i in usable_frames(dataset).tolist():
        forces, expected = forces_of(dataset, i), _expected(dataset.frames[i])
        if forces is not None and expected is not None:
            ratios.append(float(np.sqrt(np.mean(forces**2))) / (expected * AMPLITUDE))
    return float(np.median(ratios)) if len(ratios) >= LEAST else None
