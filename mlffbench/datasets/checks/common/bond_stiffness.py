"""Stiffness of covalent bonds, from positions and forces alone: a scale of the forces without energies.

A chemical bond between atoms with covalent radii R₁ and R₂ has a force constant k of about
40 eV / (R₁ + R₂)², from 50 eV/Å² for O–H and 30 for C–H or C–C to 10 for Si–Si, within a factor of three.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.data import covalent_radii

from mlffbench.data import Dataset
from mlffbench.datasets.checks.common.frame_pairs import FramePairs, near_pairs
from mlffbench.datasets.checks.common.frame_selection import forces_of
from mlffbench.datasets.checks.common.memoise import memoised
from mlffbench.descriptors.neighbours import neighbour_list

__all__ = ["relative_stiffness"]

BONDED = 1.25  # times the sum of covalent radii
STRENGTH = 40.0  # eV
NEAR, MOST_PAIRS, LEAST_BONDS = 0.5, 40, 20
METALS = {z for r in (range(3, 5), range(11, 14), range(19, 32), range(37, 51), range(55, 84)) for z in r}


@memoised
def relative_stiffness(dataset: Dataset) -> float | None:
    """Force constants k of covalent bonds over expected ones: about 1 for forces in eV/Å.

    For each bond in two near frames, k = −Δf/Δr with f the force along the bond; the median over all bonds,
    each with the weight (Δr)². None without covalent bonds that vibrate.
    """
    near = near_pairs(dataset)
    near = near[np.isfinite(near.force_work) & (near.distance < NEAR) & (near.distance > 1e-3)]
    near = near[np.argsort(near.distance, kind="stable")[:MOST_PAIRS]]
    changes = _changes(dataset, near)
    if changes.shape[1] < LEAST_BONDS:
        return None
    stretch, pull, expected = changes
    if not np.ptp(stretch) > 0 or not np.ptp(pull) > 0:
        return None
    if np.corrcoef(stretch, -pull / expected)[0, 1] < 0.5:
        return None
    return float(-np.sum(pull / expected * stretch) / np.sum(stretch**2))


def _changes(dataset: Dataset, near: FramePairs) -> np.ndarray:
    """Δr, Δf and expected k of each bond in each pair of frames, (3, n)."""
    columns = []
    for i, j in zip(near.i, near.j, strict=True):
        one, two = (_bonds(dataset, int(k)) for k in (i, j))
        for key in one.keys() & two.keys():
            (r, f, k), (r2, f2, _) = one[key], two[key]
            columns.append((r2 - r, f2 - f, k))
    return np.array(columns).T.reshape(3, -1)


def _bonds(dataset: Dataset, index: int) -> dict[tuple[int, ...], tuple[float, float, float]]:
    """Length, force along it and expected k of each covalent bond, by its atoms and periodic image."""
    atoms, forces = dataset.frames[index], forces_of(dataset, index)
    assert forces is not None
    i, j, shift, length, vector = _neighbours(atoms)
    radii = covalent_radii[atoms.numbers]
    total = radii[i] + radii[j]
    keep = (i < j) & (length < BONDED * total) & ~np.isin(atoms.numbers[[i, j]], list(METALS)).any(axis=0)
    pull = 0.5 * np.sum((forces[j] - forces[i]) * vector, axis=1) / length
    rows = zip(
        i[keep], j[keep], shift[keep], length[keep], pull[keep], STRENGTH / total[keep] ** 2, strict=True
    )
    return {(int(a), int(b), *map(int, s)): (float(r), float(f), float(k)) for a, b, s, r, f, k in rows}


def _neighbours(atoms: Atoms) -> tuple[np.ndarray, ...]:
    """Neighbour list i, j, shift, distance, vector up to the longest possible bond."""
    reach = BONDED * 2 * max(covalent_radii[z] for z in set(atoms.numbers))
    return neighbour_list("ijSdD", atoms, float(reach))
