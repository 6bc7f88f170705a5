"""Surface energy of a crystal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms, units
from ase.build import surface
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import energy_and_forces, takes_any_structure
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.symmetry import standard_cell
from mlffbench.system import progress

__all__ = ["Surface", "surface_energy"]

SYMPREC = 1e-3  # Å
SAME_GAP = 1e-3  # Å: of gaps that differ by less the lowest is taken
JOULE = units.m**2 / units.J  # J/m² of one eV/Å²


@dataclass(frozen=True)
class Surface:
    """Surface with fixed lateral lattice constants; energies are means over the slab's two sides.

    Attributes
    ----------
    energy : float
        (E(slab) − n E(bulk atom))/(2 area), J/m², ions relaxed.
    unrelaxed_energy : float
        The same with unrelaxed ions, J/m².
    area : float
        Area of one side of the slab, Å².
    atoms : Atoms
        Relaxed slab, normal to z, with vacuum around it.
    """

    energy: float
    unrelaxed_energy: float
    area: float
    atoms: Atoms


@takes_any_structure
def surface_energy(
    calculator: BaseCalculator,
    atoms: Atoms,
    indices: Sequence[int] = (1, 1, 1),
    thickness: float = 10.0,
    vacuum: float = 12.0,
    fmax: float = 0.01,
    steps: int = 500,
) -> Surface:
    """Compute the energy of the (hkl) surface from a slab.

    The slab has the smallest lateral cell, so it cannot reconstruct. The crystal is cut where neighbouring
    planes are farthest apart: diamond (111) in the shuffle set.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    atoms : Atoms
        Crystal at rest, in any cell.
    indices : sequence of three int
        Miller indices in the crystal's conventional cell (spglib's).
    thickness : float
        Least thickness of the slab, Å.
    vacuum : float
        Distance between the slab and its image, Å: more than the cutoff of the potential.
    fmax, steps : float, int
        Largest force left by the relaxation, eV/Å, and its step limit.

    Raises
    ------
    ValueError
        The structure is no crystal, the indices are not three, or the ions do not relax.
    """
    if len(indices) != 3 or not any(indices):
        raise ValueError(f"indices must be three integers, not all zero; got {tuple(indices)}")
    primitive, hkl = _primitive_cell(atoms, indices)
    slab = _slab(primitive, hkl, thickness, vacuum)
    bulk = energy_and_forces(calculator, primitive)[0] * len(slab) / len(primitive)
    area = float(np.linalg.norm(np.cross(*slab.cell[:2])))
    per_area = lambda energy: float((energy - bulk) / (2 * area) * JOULE)
    progress.report("surface", 0, 1)
    unrelaxed = energy_and_forces(calculator, slab)[0]
    minimum = relaxed(calculator, slab, fmax=fmax, steps=steps)
    energy = minimum.get_potential_energy()
    minimum.calc = None
    return Surface(per_area(energy), per_area(unrelaxed), area, minimum)


def _primitive_cell(atoms: Atoms, indices: Sequence[int]) -> tuple[Atoms, tuple[int, ...]]:
    """Primitive cell, and the Miller indices in it."""
    conventional = standard_cell(atoms, SYMPREC, idealize=False)
    primitive = standard_cell(atoms, SYMPREC, primitive=True, idealize=False)
    if not atoms.pbc.all() or conventional is None or primitive is None:
        raise ValueError(f"{atoms.get_chemical_formula()} is no crystal whose symmetry spglib finds")
    normal = np.linalg.solve(conventional.cell.array, np.asarray(indices, dtype=float))
    sixfold = np.rint(6 * primitive.cell.array @ normal).astype(int)  # centred cells have halves or thirds
    return primitive, tuple(int(i) for i in sixfold // np.gcd.reduce(sixfold))


def _slab(crystal: Atoms, indices: Sequence[int], thickness: float, vacuum: float) -> Atoms:
    """Complete repeats of the crystal along the normal, cut in its widest gaps."""
    layer = surface(crystal, indices, 1, periodic=True)
    repeat = layer.cell[2, 2]
    n = int(np.ceil(thickness / repeat - 1e-6))
    slab = surface(crystal, indices, n + 2, periodic=True)
    bottom = _widest_gap(layer.positions[:, 2] % repeat, repeat)
    height = slab.positions[:, 2]
    slab = slab[(height > bottom) & (height < bottom + n * repeat)]
    slab.cell[2] = 0, 0, np.ptp(slab.positions[:, 2]) + vacuum
    slab.center(axis=2)
    slab.set_tags(None)
    return slab


def _widest_gap(heights: np.ndarray, repeat: float) -> float:
    """Height of the middle of the widest gap above a plane of the first repeat, Å."""
    planes = np.sort(heights)
    gaps = np.diff(planes, append=planes[0] + repeat)
    widest = int(np.flatnonzero(gaps > gaps.max() - SAME_GAP)[0])
    return float(planes[widest] + gaps[widest] / 2)
