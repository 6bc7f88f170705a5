"""The energy along a dihedral angle, rigid or relaxed.

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

from mlffbench.properties._structures import evaluated
from mlffbench.properties.bonds import side_of
from mlffbench.properties.relaxation import relaxed
from mlffbench.system import progress

__all__ = ["Torsion", "torsion", "turned"]

EPSILON = 1e-6  # how well constraints hold, radians: ASE's 1e-7 is not always reached
WHOLE = 1e-6  # degrees


@dataclass(frozen=True)
class Torsion:
    """A profile over a dihedral angle.

    Attributes
    ----------
    angles : (n,) array, degrees, ascending
    energies : (n,) array, eV
    structures : tuple of Atoms
        Without calculators.
    """

    angles: np.ndarray
    energies: np.ndarray
    structures: tuple[Atoms, ...]

    @property
    def barrier(self) -> float:
        """From the lowest to the highest point, eV."""
        return float(np.ptp(self.energies))

    @property
    def barriers(self) -> dict[float, float]:
        """The angle, degrees, and height over the lowest point, eV, of every maximum.

        Both ends of a scan over less than a turn can be maxima: 0 and 180 degrees mostly are, by symmetry.
        """
        e = self.energies
        around = np.r_[e[-1], e, e[0]] if self._closed else np.r_[-np.inf, e, -np.inf]
        high = np.flatnonzero((e > around[:-2]) & (e >= around[2:]))
        return {float(self.angles[i]): float(e[i] - e.min()) for i in high}

    @property
    def _closed(self) -> bool:
        """Whether the angle after the last is the first again."""
        step = np.diff(self.angles).mean()
        return bool(abs(np.ptp(self.angles) + step - 360) < WHOLE)


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
    """Energies with the dihedral i-j-k-l at given angles.

    Parameters
    ----------
    calculator : Calculator
        With forces.
    atoms : Atoms
        A molecule; its constraints are lifted.
    indices : four ints
        The atoms i, j, k, l.
    angles : sequence of float, optional
        Ascending, degrees; by default a whole turn in steps of 15, from −180 to 165.
    relax : bool
        Minimise everything but the angle, from the minimum on.
    move, hold, fmax, steps
        As in `turned`.

    Raises
    ------
    ValueError
        Fewer than two angles or not ascending, no such atoms, a bond in a ring, or a point that does not
        relax.
    """
    asked = np.arange(-180.0, 180.0, 15.0) if angles is None else np.asarray(angles, dtype=float)
    if len(asked) < 2 or np.any(np.diff(asked) <= 0):
        raise ValueError(f"a profile has two angles or more, ascending; got {asked.tolist()}")
    structures, energies = [], []
    by = calculator if relax else None
    for found in turned(by, atoms, indices, asked.tolist(), move, hold, fmax, steps):
        energies.append(evaluated(calculator, found)[0])
        structures.append(found)
        progress.report("torsion", len(energies), len(asked))
    return Torsion(asked, np.array(energies), tuple(structures))


def turned(
    calculator: BaseCalculator | None,
    atoms: Atoms,
    indices: Sequence[int],
    angles: Sequence[float],
    move: Sequence[int] | None = None,
    hold: Sequence[Sequence[int]] = (),
    fmax: float = 0.005,
    steps: int = 300,
) -> Iterator[Atoms]:
    """The structures with the dihedral i-j-k-l at every angle in turn, without calculator and constraints.

    Parameters
    ----------
    calculator : Calculator or None
        Minimises everything but the angle, from the minimum on; None: the scan is rigid.
    atoms : Atoms
    indices : four ints
        The atoms i, j, k, l.
    angles : sequence of float
        Degrees.
    move : sequence of int, optional
        The atoms to turn, i or l among them; by default found from the bonds.
    hold : sequence of four ints, optional
        Further dihedrals that a relaxed scan keeps as they are in the minimum.
    fmax, steps : float, int
        Of every relaxation, eV/Å.

    Raises
    ------
    ValueError
        No such atoms, a bond in a ring, or a point that does not relax.
    """
    four = _checked(indices, len(atoms))
    current = atoms.copy() if calculator is None else relaxed(calculator, atoms, fmax=fmax)
    current.set_constraint()
    moving = _moving(current, four, move)
    held = [[current.get_dihedral(*h), _checked(h, len(atoms))] for h in hold]
    for angle in angles:
        _turn(current, four, angle, moving)
        if calculator is not None:
            current = _relaxed_at(calculator, current, [[angle, four], *held], fmax, steps)
        yield current.copy()


def _relaxed_at(
    calculator: BaseCalculator, atoms: Atoms, dihedrals: list[list], fmax: float, steps: int
) -> Atoms:
    """A copy relaxed with dihedrals, ``[degrees, indices]``, held."""
    held = atoms.copy()
    held.set_constraint(FixInternals(dihedrals_deg=dihedrals, epsilon=EPSILON))
    held = relaxed(calculator, held, fmax=fmax, steps=steps)
    held.set_constraint()
    return held


def _checked(indices: Sequence[int], n_atoms: int) -> list[int]:
    """Four different atoms."""
    four = [int(i) for i in indices]
    if len(four) != 4 or len(set(four)) != 4 or not all(0 <= i < n_atoms for i in four):
        raise ValueError(f"a dihedral has four different atoms of 0 to {n_atoms - 1}; got {list(indices)}")
    return four


def _moving(atoms: Atoms, four: list[int], move: Sequence[int] | None) -> list[int]:
    """The atoms that turn: those named, or the smaller side of the middle bond."""
    first, second, third, last = four
    if move is not None:
        if (first in move) == (last in move):
            raise ValueError(f"move must name one end of the dihedral, {first} or {last}; got {list(move)}")
        return [int(i) for i in move]
    sides = [side_of(atoms, (third, second)), side_of(atoms, (second, third))]
    if first not in sides[0] or last not in sides[1]:
        raise ValueError(f"atoms {first} and {last} must lie on either side of the bond {second}-{third}")
    return min(sides, key=len).tolist()


def _turn(atoms: Atoms, four: list[int], angle: float, moving: list[int]) -> None:
    """Set the angle in place; ASE turns the side of the last atom, so the order may have to be reversed."""
    order = four if four[3] in moving else four[::-1]
    atoms.set_dihedral(*order, angle, indices=moving)
