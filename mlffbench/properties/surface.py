"""What it costs to cut a crystal in two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms, units
from ase.build import surface
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import evaluated
from mlffbench.properties.relaxation import relaxed
from mlffbench.system import progress

__all__ = ["Surface", "surface_energy"]

SYMPREC = 1e-3  # Å
SAME_GAP = 1e-3  # Å; gaps that differ by less are equal, and the lowest is taken
JOULE = units.m**2 / units.J  # J/m² of one eV/Å²


@dataclass(frozen=True)
class Surface:
    """A surface of fixed lateral lattice constants; energies are the mean of the slab's two sides.

    Attributes
    ----------
    energy : float
        (E(slab) − n E(bulk atom))/(2 area), J/m², ions relaxed.
    unrelaxed_energy : float
        The same before they relax, J/m².
    area : float
        Of one side of the slab, Å².
    atoms : Atoms
        The relaxed slab, normal to z, with vacuum around it.
    """

    energy: float
    unrelaxed_energy: float
    area: float
    atoms: Atoms


def surface_energy(
    calculator: BaseCalculator,
    atoms: Atoms,
    indices: Sequence[int] = (1, 1, 1),
    thickness: float = 10.0,
    vacuum: float = 12.0,
    fmax: float = 0.01,
    steps: int = 500,
) -> Surface:
    """Surface energy of (hkl) by a slab of the smallest lateral cell, so that it cannot reconstruct.

    The crystal is cut where neighbouring planes are farthest apart: diamond (111) in the shuffle set.

    Parameters
    ----------
    calculator : Calculator
        With forces.
    atoms : Atoms
        A crystal at rest, in any cell.
    indices : sequence of three int
        Miller indices in the crystal's conventional cell (spglib's).
    thickness : float
        Of the slab at least, Å.
    vacuum : float
        Between the slab and its image, Å: more than the potential reaches.
    fmax, steps : float, int
        Of the relaxation, eV/Å.

    Raises
    ------
    ValueError
        The structure is no crystal, the indices are not three, or the ions do not relax.
    """
    if len(indices) != 3 or not any(indices):
        raise ValueError(f"indices must be three integers, not all zero; got {tuple(indices)}")
    primitive, hkl = _primitive(atoms, indices)
    slab = _slab(primitive, hkl, thickness, vacuum)
    bulk = evaluated(calculator, primitive)[0] * len(slab) / len(primitive)
    area = float(np.linalg.norm(np.cross(*slab.cell[:2])))
    per_area = lambda energy: float((energy - bulk) / (2 * area) * JOULE)
    progress.report("surface", 0, 1)
    before = evaluated(calculator, slab)[0]
    minimum = relaxed(calculator, slab, fmax=fmax, steps=steps)
    after = minimum.get_potential_energy()
    minimum.calc = None
    return Surface(per_area(after), per_area(before), area, minimum)


def _primitive(atoms: Atoms, indices: Sequence[int]) -> tuple[Atoms, tuple[int, ...]]:
    """The primitive cell, and the indices in it."""
    import spglib

    given = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    cells = [
        spglib.standardize_cell(given, to_primitive=p, no_idealize=True, symprec=SYMPREC)
        for p in (False, True)
    ]
    if not atoms.pbc.all() or any(cell is None for cell in cells):
        raise ValueError(f"{atoms.get_chemical_formula()} is no crystal whose symmetry spglib finds")
    conventional, (cell, places, numbers) = cells[0][0], cells[1]
    normal = np.linalg.solve(conventional, np.asarray(indices, dtype=float))
    whole = np.rint(6 * cell @ normal).astype(int)  # a centred cell's lattice has halves or thirds
    hkl = tuple(int(i) for i in whole // np.gcd.reduce(whole))
    return Atoms(numbers, cell=cell, scaled_positions=places, pbc=True), hkl


def _slab(crystal: Atoms, indices: Sequence[int], thickness: float, vacuum: float) -> Atoms:
    """Whole repeats of the crystal along the normal, between two of its widest gaps."""
    one = surface(crystal, indices, 1, periodic=True)
    repeat = one.cell[2, 2]
    n = int(np.ceil(thickness / repeat - 1e-6))
    slab = surface(crystal, indices, n + 2, periodic=True)
    bottom = _cut(one.positions[:, 2] % repeat, repeat)
    height = slab.positions[:, 2]
    slab = slab[(height > bottom) & (height < bottom + n * repeat)]
    slab.cell[2] = 0, 0, np.ptp(slab.positions[:, 2]) + vacuum
    slab.center(axis=2)
    slab.set_tags(None)
    return slab


def _cut(heights: np.ndarray, repeat: float) -> float:
    """The middle of the widest gap above a plane of the first repeat."""
    planes = np.sort(heights)
    gaps = np.diff(planes, append=planes[0] + repeat)
    widest = int(np.flatnonzero(gaps > gaps.max() - SAME_GAP)[0])
    return float(planes[widest] + gaps[widest] / 2)
