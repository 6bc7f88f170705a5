"""Size of forces against that of bonds of ordinary length: by their stiffness, else by their magnitude."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlffbench.data import Dataset
from mlffbench.datasets.checks.common.bond_stiffness import relative_stiffness
from mlffbench.datasets.checks.common.frame_selection import forces_of, usable_frames
from mlffbench.datasets.checks.common.memoise import memoised
from mlffbench.datasets.checks.common.metal_stiffness import relative_metal_forces, relative_metal_stiffness
from mlffbench.datasets.checks.common.nearest_neighbours import nearest_distances

__all__ = ["ForceScale", "force_scale", "ordinary_distances"]

BONDS, METALS = 5.0, 6.0  # stiffness is as expected within these factors
LARGE, LARGE_IN_METALS = 10.0, 15.0  # eV/Å; times the forces of displacements by 0.1 Å
ORDINARY = (0.7, 1.4)  # nearest distances of ordinary frames, over the sum of covalent radii
UNCOMPRESSED = 0.84  # median of them: that of tungsten and tantalum at rest, or of copper at 150 GPa
LEAST = 5  # frames


@dataclass(frozen=True)
class ForceScale:
    """Forces over expected ones, about 1 for eV/Å; `fact` says what was compared."""

    ratio: float
    fact: str
    is_unlikely: bool


@memoised
def force_scale(dataset: Dataset) -> ForceScale | None:
    """Return the best determined of four scales; None where nothing can be said.

    Stiffness of covalent bonds, stiffness of metals; without near frames the magnitude of the forces, which
    only says where they are too large: at rest there are none.
    """
    if (bonds := relative_stiffness(dataset)) is not None:
        fact = f"covalent bonds are {abs(bonds):.3g} times as stiff as chemistry has them"
        return ForceScale(bonds, fact, not 1 / BONDS < abs(bonds) < BONDS)
    if (metal := relative_metal_stiffness(dataset)) is not None:
        fact = f"the metal is {abs(metal):.3g} times as stiff as its bulk modulus says"
        return ForceScale(metal, fact, not 1 / METALS < abs(metal) < METALS)
    if (forces := relative_metal_forces(dataset)) is not None:
        fact = f"the forces are {forces:.3g} times those of atoms displaced by 0.1 Å, by the bulk modulus"
        return ForceScale(forces, fact, forces > LARGE_IN_METALS) if forces > LARGE_IN_METALS else None
    return _large_forces(dataset)


def _large_forces(dataset: Dataset) -> ForceScale | None:
    """The scale of forces of more than 10 eV/Å (root mean square) in half of the frames of ordinary bonds."""
    sizes = [
        float(np.sqrt(np.mean(f**2)))
        for i in ordinary_distances(dataset)
        if (f := forces_of(dataset, i)) is not None
    ]
    if len(sizes) < LEAST or np.median(sizes) <= LARGE:
        return None
    fact = f"the forces are {np.median(sizes):.3g} eV/Å (root mean square) at ordinary distances"
    return ForceScale(float(np.median(sizes)), fact, True)


@memoised
def ordinary_distances(dataset: Dataset) -> list[int]:
    """Usable frames that are not compressed, whose atoms all have a neighbour at an ordinary distance."""
    low, high = ORDINARY
    near = nearest_distances(dataset)
    usable = set(usable_frames(dataset).tolist())
    return [
        i
        for i, (_, ratio) in near.items()
        if i in usable and ratio.min() > low and UNCOMPRESSED < np.median(ratio) < high
    ]
