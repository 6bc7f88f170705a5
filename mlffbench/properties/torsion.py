"""Torsion profile: the energy along a dihedral angle, rigid or relaxed.

The smaller of the two sides of the middle bond turns as a rigid body. A relaxed scan starts from the nearest
minimum, and every point from its predecessor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.constraints import FixInternals

from mlffbench.properties._structures import energy_and_forces, takes_any_structure
from mlffbench.properties.bonds import atoms_beyond_bond
from mlffbench.properties.relaxation import relaxed
from mlffbench.system import progress

__all__ = ["Torsion", "dihedral_scan", "torsion"]

EPSILON = 1e-6  # tolerance of constraints, radians: ASE's 1e-7 is not always reached
FULL_TURN_TOLERANCE = 1e-6  # degrees


@dataclass(frozen=True)
class Torsion:
    """Energies over a dihedral angle.

    Attributes
    ----------
    angles : (n,) array, degrees, ascending
    energies : (n,) array, eV
    structures : tuple of Atoms
        Structure at each angle, without calculator.
    """

    angles: np.ndarray
    energies: np.ndarray
    structures: tuple[Atoms, ...]

    @property
    def barrier(self) -> float:
        """Highest minus lowest energy, eV."""
        return float(np.ptp(self.energies))

    @property
    def barriers(self) -> dict[float, float]:
        """Maxima: their height over the lowest point, eV, by angle, degrees.

        Both ends of a scan over less than a turn can be maxima: 0 and 180 degrees mostly are, by symmetry.
        """
        e = self.energies
        around = np.r_[e[-1], e, e[0]] if self._closed else np.r_[-np.inf, e, -np.inf]
        high = np.flatnonzero((e > around[:-2]) & (e >= around[2:]))
        return {float(self.angles[i]): float(e[i] - e.min()) for i in high}

    @property
    def _closed(self) -> bool:
        """True if the angles cover a full turn: the one after the last would be the first again."""
        step = np.diff(self.angles).mean()
        return bool(abs(np.ptp(self.angles) + step - 360) < FULL_TURN_TOLERANCE)


@takes_any_structure
def torsion(
    calculator: BaseCalculator,
    atoms: Atoms,
    indices: Sequence[int],
    angles: Sequence[float] | None = None,
    relax: bool = False,
    move: Sequence[int] | None = None,
    hold: Sequence[Sequence[int]] = (),
    fmax: float = 0.005,
    steps: int = 300,
) -> Torsion:
    """Scan the energy with the dihedral i-j-k-l at given angles.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    atoms : Atoms
        Molecule; its constraints are ignored.
    indices : four ints
        Atoms i, j, k, l of the dihedral.
    angles : sequence of float, optional
        Ascending angles, degrees; by default a full turn in steps of 15, from −180 to 165.
    relax : bool
        Minimise everything but the angle, starting from the nearest minimum.
    move, hold, fmax, steps
        See `dihedral_scan`.

    Raises
    ------
    ValueError
        There are fewer than two angles or they do not ascend, the atoms do not exist, the bond is in a ring,
        or a point does not relax.
    """
    grid = np.arange(-180.0, 180.0, 15.0) if angles is None else np.asarray(angles, dtype=float)
    if len(grid) < 2 or np.any(np.diff(grid) <= 0):
        raise ValueError(f"a profile has two angles or more, ascending; got {grid.tolist()}")
    structures, energies = [], []
    optimizer = calculator if relax else None
    for structure in dihedral_scan(optimizer, atoms, indices, grid.tolist(), move, hold, fmax, steps):
        energies.append(energy_and_forces(calculator, structure)[0])
        structures.append(structure)
        progress.report("torsion", len(energies), len(grid))
    return Torsion(grid, np.array(energies), tuple(structures))


def dihedral_scan(
    calculator: BaseCalculator | None,
    atoms: Atoms,
    indices: Sequence[int],
    angles: Sequence[float],
    move: Sequence[int] | None = None,
    hold: Sequence[Sequence[int]] = (),
    fmax: float = 0.005,
    steps: int = 300,
) -> Iterator[Atoms]:
    """Generate structures with the dihedral i-j-k-l at every angle, without calculator and constraints.

    Parameters
    ----------
    calculator : Calculator or None
        Calculator that minimises everything but the angle, starting from the nearest minimum. None makes the
        scan rigid.
    atoms : Atoms
    indices : four ints
        Atoms i, j, k, l of the dihedral.
    angles : sequence of float
        Angles, degrees.
    move : sequence of int, optional
        Atoms to rotate, i or l among them; by default the smaller side of the bond j-k.
    hold : sequence of four ints, optional
        Further dihedrals that a relaxed scan holds at their values in the minimum.
    fmax, steps : float, int
        Largest force left by a relaxation, eV/Å, and its step limit.

    Raises
    ------
    ValueError
        The atoms do not exist, the bond is in a ring, or a point does not relax.
    """
    four = _checked(indices, len(atoms))
    current = atoms.copy() if calculator is None else relaxed(calculator, atoms, fmax=fmax)
    current.set_constraint()
    rotating = _rotating_atoms(current, four, move)
    fixed = [[current.get_dihedral(*h), _checked(h, len(atoms))] for h in hold]
    for angle in angles:
        _set_dihedral(current, four, angle, rotating)
        if calculator is not None:
            current = _relaxed_at(calculator, current, [[angle, four], *fixed], fmax, steps)
        yield current.copy()


def _relaxed_at(
    calculator: BaseCalculator, atoms: Atoms, dihedrals: list[list], fmax: float, steps: int
) -> Atoms:
    """A copy relaxed with fixed dihedrals, ``[degrees, indices]`` each."""
    fixed = atoms.copy()
    fixed.set_constraint(FixInternals(dihedrals_deg=dihedrals, epsilon=EPSILON))
    fixed = relaxed(calculator, fixed, fmax=fmax, steps=steps)
    fixed.set_constraint()
    return fixed


def _checked(indices: Sequence[int], n_atoms: int) -> list[int]:
    """Indices of four different atoms as a list, or ValueError."""
    four = [int(i) for i in indices]
    if len(four) != 4 or len(set(four)) != 4 or not all(0 <= i < n_atoms for i in four):
        raise ValueError(f"a dihedral has four different atoms of 0 to {n_atoms - 1}; got {list(indices)}")
    return four


def _rotating_atoms(atoms: Atoms, four: list[int], move: Sequence[int] | None) -> list[int]:
    """Indices of the atoms to rotate: `move`, or the smaller side of the middle bond."""
    first, second, third, last = four
    if move is not None:
        if (first in move) == (last in move):
            raise ValueError(f"move must name one end of the dihedral, {first} or {last}; got {list(move)}")
        return [int(i) for i in move]
    sides = [atoms_beyond_bond(atoms, (third, second)), atoms_beyond_bond(atoms, (second, third))]
    if first not in sides[0] or last not in sides[1]:
        raise ValueError(f"atoms {first} and {last} must lie on either side of the bond {second}-{third}")
    return min(sides, key=len).tolist()


def _set_dihedral(atoms: Atoms, four: list[int], angle: float, rotating: list[int]) -> None:
    """Set the angle in place; ASE rotates the side of the last atom, so the order may have to be reversed."""
    order = four if four[3] in rotating else four[::-1]
    atoms.set_dihedral(*order, angle, indices=rotating)
