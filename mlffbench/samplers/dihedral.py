"""A scan of one dihedral angle, rigid or relaxed.

The smaller of the two sides of the middle bond turns as a rigid body. A relaxed scan starts from the nearest
minimum, and every point from its predecessor.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.constraints import FixInternals

from mlffbench import progress
from mlffbench.properties.relaxation import relaxed
from mlffbench.samplers._bonds import side_of
from mlffbench.samplers._frames import bare, centred, count, needed

__all__ = ["dihedral"]

EPSILON = 1e-6  # how well constraints hold, radians: ASE's 1e-7 is not always reached


def dihedral(
    atoms: Atoms,
    calculator: BaseCalculator | None,
    seed: int,
    indices: Sequence[int],
    n_frames: int,
    start: float = 0.0,
    stop: float = 180.0,
    relax: bool = False,
    move: Sequence[int] | None = None,
    hold: Sequence[Sequence[int]] = (),
    fmax: float = 0.005,
    steps: int = 300,
) -> list[Atoms]:
    """Frames with the dihedral i-j-k-l at equally spaced angles, both ends included.

    The column is ``coordinate``: the angle, degrees.

    Parameters
    ----------
    atoms : Atoms
    calculator : Calculator or None
        Needed to relax.
    seed : int
        Nothing is random here.
    indices : four ints
        The atoms i, j, k, l.
    n_frames : int
    start, stop : float
        Degrees. 0 and 360 are the same structure: for a whole turn stop one spacing short.
    relax : bool
        Minimise everything but the angle.
    move : sequence of int, optional
        The atoms to turn, i or l among them; by default found from the bonds.
    hold : sequence of four ints, optional
        Further dihedrals that a relaxed scan keeps as they are in the minimum.
    fmax : float
        The largest force left by a relaxation, eV/Å.
    steps : int
        Of a relaxation at most.

    Raises
    ------
    ValueError
        No such atoms, a bond in a ring, no calculator to relax with, or a point that does not relax.
    """
    four = _checked(indices, len(atoms))
    n_frames = count(n_frames, "dihedral")
    current = relaxed(needed(calculator, "a relaxed dihedral"), atoms, fmax=fmax) if relax else atoms.copy()
    current.set_constraint()
    turned = _turned(current, four, move)
    held = [[current.get_dihedral(*h), _checked(h, len(atoms))] for h in hold]
    frames = []
    for i, angle in enumerate(np.linspace(start, stop, n_frames).tolist()):
        _turn(current, four, angle, turned)
        if relax:
            current = _relaxed_at(current, [[angle, four], *held], fmax, steps)
        frames.append(bare(centred(current), coordinate=angle))
        progress.report("dihedral", i + 1, n_frames)
    return frames


def _relaxed_at(atoms: Atoms, dihedrals: list[list], fmax: float, steps: int) -> Atoms:
    """A copy relaxed with dihedrals, ``[degrees, indices]``, held."""
    held = atoms.copy()
    held.set_constraint(FixInternals(dihedrals_deg=dihedrals, epsilon=EPSILON))
    held = relaxed(atoms.calc, held, fmax=fmax, steps=steps)
    held.set_constraint()
    return held


def _checked(indices: Sequence[int], n_atoms: int) -> list[int]:
    """Four different atoms."""
    four = [int(i) for i in indices]
    if len(four) != 4 or len(set(four)) != 4 or not all(0 <= i < n_atoms for i in four):
        raise ValueError(f"a dihedral has four different atoms of 0 to {n_atoms - 1}; got {list(indices)}")
    return four


def _turned(atoms: Atoms, four: list[int], move: Sequence[int] | None) -> list[int]:
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


def _turn(atoms: Atoms, four: list[int], angle: float, turned: list[int]) -> None:
    """Set the angle in place; ASE turns the side of the last atom, so the order may have to be reversed."""
    order = four if four[3] in turned else four[::-1]
    atoms.set_dihedral(*order, angle, indices=turned)
