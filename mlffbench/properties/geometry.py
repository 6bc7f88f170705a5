"""Geometry of a relaxed molecule compared with a reference structure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from scipy.linalg import orthogonal_procrustes

from mlffbench.properties._structures import takes_any_structure
from mlffbench.properties.bonds import bonds
from mlffbench.properties.relaxation import relaxed

__all__ = ["Geometry", "geometry", "superposed_rmsd"]


@dataclass(frozen=True)
class Geometry:
    """A relaxed molecule and its differences from the reference structure.

    Attributes
    ----------
    atoms : Atoms
        Relaxed molecule, without its calculator.
    energy : float
        Energy, eV.
    rmsd : float
        Root mean square distance of the atoms after the best superposition, Å.
    bond_error : float or None
        Largest error of a bond length, Å; None without bonds.
    angle_error : float or None
        Largest error of an angle between two bonds, degrees; None without such angles.
    changed_bonds : int
        Number of bonds that only one of the two structures has.
    n_bonds : int
        Number of bonds of either structure.
    """

    atoms: Atoms
    energy: float
    rmsd: float
    bond_error: float | None
    angle_error: float | None
    changed_bonds: int
    n_bonds: int

    @property
    def same_molecule(self) -> bool:
        """True if the same atoms are bonded as in the reference."""
        return self.changed_bonds == 0


@takes_any_structure
def geometry(
    calculator: BaseCalculator,
    atoms: Atoms,
    reference: Atoms | None = None,
    fmax: float = 0.001,
    steps: int = 500,
) -> Geometry:
    """Relax a molecule and superpose it on the reference structure.

    Bonds and angles are those of the reference.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    atoms : Atoms
        Start of the relaxation.
    reference : Atoms, optional
        The same atoms in the same order, in a minimum; by default the start itself.
    fmax, steps : float, int
        Largest force left by the relaxation, eV/Å, and its step limit.

    Raises
    ------
    ValueError
        The atoms differ from the reference's, or the relaxation does not converge.
    """
    expected = atoms if reference is None else reference
    _check_same(atoms, expected)
    minimum = relaxed(calculator, atoms, fmax=fmax, steps=steps)
    energy = float(minimum.get_potential_energy())
    minimum.calc = None
    pairs = bonds(expected)
    own, true = ({*map(tuple, found.tolist())} for found in (bonds(minimum), pairs))
    return Geometry(
        minimum,
        energy,
        superposed_rmsd(minimum, expected),
        _largest(_lengths(minimum, pairs) - _lengths(expected, pairs)),
        _largest(_angles(minimum, pairs) - _angles(expected, pairs)),
        len(own ^ true),
        len(own | true),
    )


def superposed_rmsd(atoms: Atoms, reference: Atoms) -> float:
    """Smallest √(Σ_i |r_i − R r_i⁰|²/n), Å, of centred molecules over all rotations and reflections R.

    Mirror images count as one structure: every potential gives them the same energy.

    Raises
    ------
    ValueError
        The atoms differ, or are in another order.
    """
    _check_same(atoms, reference)
    one, other = (a.positions - a.positions.mean(axis=0) for a in (atoms, reference))
    rotation = orthogonal_procrustes(other, one)[0]
    return float(np.sqrt(((other @ rotation - one) ** 2).sum() / len(one)))


def _check_same(atoms: Atoms, reference: Atoms) -> None:
    """Raise ValueError unless both have the same elements in the same order."""
    if not np.array_equal(atoms.numbers, reference.numbers):
        raise ValueError(
            f"{atoms.symbols} cannot be superposed on {reference.symbols}: the atoms must be the same, "
            "in the same order"
        )


def _lengths(atoms: Atoms, pairs: np.ndarray) -> np.ndarray:
    """Bond lengths, Å."""
    return np.array([atoms.get_distance(i, j) for i, j in pairs])


def _angles(atoms: Atoms, pairs: np.ndarray) -> np.ndarray:
    """Angles between every two bonds of one atom, degrees."""
    angles = []
    for middle in range(len(atoms)):
        neighbours = pairs[(pairs == middle).any(axis=1)].sum(axis=1) - middle
        angles += [atoms.get_angle(i, middle, k) for i, k in combinations(neighbours.tolist(), 2)]
    return np.array(angles)


def _largest(errors: np.ndarray) -> float | None:
    """Largest absolute value; None of an empty array."""
    return float(np.abs(errors).max()) if len(errors) else None
