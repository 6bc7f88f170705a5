"""The shape of a molecule at rest, beside that of a reference."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from scipy.linalg import orthogonal_procrustes

from mlffbench.properties.bonds import bonds
from mlffbench.properties.relaxation import relaxed

__all__ = ["Geometry", "geometry", "superposed_rmsd"]


@dataclass(frozen=True)
class Geometry:
    """A relaxed molecule, and how it differs from the reference.

    Attributes
    ----------
    atoms : Atoms
        The relaxed molecule, without its calculator.
    energy : float
        eV.
    rmsd : float
        Of all atoms after the best superposition, Å.
    bond_error : float or None
        Largest error of a bond length, Å; None where nothing is bonded.
    angle_error : float or None
        Largest error of an angle between two bonds, degrees; None where there is none.
    changed_bonds : int
        How many bonds are there in one of the two structures only.
    """

    atoms: Atoms
    energy: float
    rmsd: float
    bond_error: float | None
    angle_error: float | None
    changed_bonds: int

    @property
    def same_molecule(self) -> bool:
        """Whether the same atoms are bonded."""
        return self.changed_bonds == 0


def geometry(
    calculator: BaseCalculator,
    atoms: Atoms,
    reference: Atoms | None = None,
    fmax: float = 0.001,
    steps: int = 500,
) -> Geometry:
    """Relax a molecule and lay it upon the reference.

    Bonds and angles are those of the reference.

    Parameters
    ----------
    calculator : Calculator
        With forces.
    atoms : Atoms
        The start.
    reference : Atoms, optional
        The same atoms in the same order, in a minimum; by default the start itself.
    fmax, steps : float, int
        Of the relaxation, eV/Å.

    Raises
    ------
    ValueError
        Other atoms, or the relaxation does not arrive.
    """
    expected = atoms if reference is None else reference
    _check_same(atoms, expected)
    found = relaxed(calculator, atoms, fmax=fmax, steps=steps)
    energy = float(found.get_potential_energy())
    found.calc = None
    pairs = bonds(expected)
    changed = {*map(tuple, pairs.tolist())} ^ {*map(tuple, bonds(found).tolist())}
    return Geometry(
        found,
        energy,
        superposed_rmsd(found, expected),
        _largest(_lengths(found, pairs) - _lengths(expected, pairs)),
        _largest(_angles(found, pairs) - _angles(expected, pairs)),
        len(changed),
    )


def superposed_rmsd(atoms: Atoms, reference: Atoms) -> float:
    """√(Σ_i |r_i − R r_i⁰|²/n), Å, of centred molecules, least over all rotations and mirror images R.

    Mirror images count as one structure: every potential gives them the same energy.

    Raises
    ------
    ValueError
        Other atoms, or in another order.
    """
    _check_same(atoms, reference)
    one, other = (a.positions - a.positions.mean(axis=0) for a in (atoms, reference))
    turn = orthogonal_procrustes(other, one)[0]
    return float(np.sqrt(((other @ turn - one) ** 2).sum() / len(one)))


def _check_same(atoms: Atoms, reference: Atoms) -> None:
    if not np.array_equal(atoms.numbers, reference.numbers):
        raise ValueError(
            f"{atoms.symbols} cannot be laid upon {reference.symbols}: the atoms must be the same, "
            "in the same order"
        )


def _lengths(atoms: Atoms, pairs: np.ndarray) -> np.ndarray:
    """Å."""
    return np.array([atoms.get_distance(i, j) for i, j in pairs])


def _angles(atoms: Atoms, pairs: np.ndarray) -> np.ndarray:
    """Degrees, between every two bonds of one atom."""
    found = []
    for middle in range(len(atoms)):
        around = pairs[(pairs == middle).any(axis=1)].sum(axis=1) - middle
        found += [atoms.get_angle(i, middle, k) for i, k in combinations(around.tolist(), 2)]
    return np.array(found)


def _largest(errors: np.ndarray) -> float | None:
    return float(np.abs(errors).max()) if len(errors) else None
