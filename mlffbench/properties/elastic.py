"""Elastic constants of a crystal: stresses of a few strained cells, by its symmetry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.stress import voigt_6_to_full_3x3_strain, voigt_6_to_full_3x3_stress
from ase.units import GPa

from mlffbench.data import VOIGT
from mlffbench.properties.relaxation import relaxed

__all__ = ["Elastic", "elastic_constants"]

SYMPREC = 1e-3  # Å
DEPENDENT = 1e-2  # singular values of strains that fix nothing new, of an orthonormal basis
LEFT = 0.3  # Å: an ion that goes further under so small a strain has left its place


@dataclass(frozen=True)
class Elastic:
    """The stiffness of a crystal at rest.

    Attributes
    ----------
    C : (6, 6) array, GPa
        σ = C ε in Voigt's order xx yy zz yz xz xy, with engineering shear strains; ions relaxed.
    atoms : Atoms
        The relaxed cell that was strained.
    strains : tuple of int
        The Voigt components that had to be strained, 0 to 5; symmetry gives the rest.
    residual : float
        Largest difference between a measured slope of stress and C, GPa: what the symmetry does not explain.
    """

    C: np.ndarray
    atoms: Atoms
    strains: tuple[int, ...]
    residual: float

    @property
    def bulk_modulus(self) -> float:
        """Voigt–Reuss–Hill average, GPa (Hill, Proc. Phys. Soc. A 65, 349 (1952))."""
        s = np.linalg.inv(self.C)
        return float((self.C[:3, :3].sum() / 9 + 1 / s[:3, :3].sum()) / 2)

    @property
    def shear_modulus(self) -> float:
        """Voigt–Reuss–Hill average, GPa."""
        s = np.linalg.inv(self.C)
        voigt = (_uneven(self.C) + 3 * np.trace(self.C[3:, 3:])) / 15
        reuss = 15 / (4 * _uneven(s) + 3 * np.trace(s[3:, 3:]))
        return float((voigt + reuss) / 2)

    @property
    def stable(self) -> bool:
        """Born's criterion: every strain costs energy."""
        return bool(np.linalg.eigvalsh((self.C + self.C.T) / 2)[0] > 0)


def _uneven(m: np.ndarray) -> float:
    """m11 + m22 + m33 − m12 − m13 − m23."""
    return float(np.trace(m[:3, :3]) - m[0, 1] - m[0, 2] - m[1, 2])


def elastic_constants(
    calculator: BaseCalculator,
    atoms: Atoms,
    strain: float = 5e-3,
    fmax: float = 1e-3,
    steps: int = 500,
    relax_cell: bool = True,
) -> Elastic:
    """C_ij = ∂σ_i/∂ε_j of relaxed ions by central differences, at zero stress.

    Only as many strains are made as the crystal's point group leaves unknown: two for cubic, up to six for
    triclinic crystals, in any orientation of the cell.

    Parameters
    ----------
    calculator : Calculator
        With forces and stresses.
    atoms : Atoms
        A crystal; it is relaxed first.
    strain : float
        Of both signs, without unit.
    fmax, steps : float, int
        Of every relaxation, eV/Å.
    relax_cell : bool
        False: the cell is taken as it is, under what stress it may have.

    Raises
    ------
    ValueError
        A relaxation does not converge, the crystal is not periodic, or it falls into another structure.
    """
    start = relaxed(calculator, atoms, cell=relax_cell, fmax=fmax, steps=steps)
    basis = _invariant(_rotations(start))
    strains = _needed(basis)
    slopes = np.array([_slope(calculator, start, k, strain, fmax, steps) for k in strains])
    design = basis[:, strains].transpose(1, 2, 0).reshape(-1, len(basis))
    coefficients = np.linalg.lstsq(design, slopes.ravel(), rcond=None)[0]
    residual = np.abs(design @ coefficients - slopes.ravel()).max()
    start.calc = None
    return Elastic(np.einsum("b,bij->ij", coefficients, basis) / GPa, start, strains, float(residual / GPa))


def _slope(
    calculator: BaseCalculator, atoms: Atoms, component: int, size: float, fmax: float, steps: int
) -> np.ndarray:
    """∂σ/∂ε_k, (6,) eV/Å³."""
    stresses = []
    for sign in (1, -1):
        strained = atoms.copy()
        change = voigt_6_to_full_3x3_strain(sign * size * np.eye(6)[component])
        strained.set_cell(atoms.cell.array @ change, scale_atoms=True)
        rest = relaxed(calculator, strained, fmax=fmax, steps=steps)
        moved = float(np.linalg.norm(rest.positions - strained.positions, axis=1).max())
        if moved > LEFT:
            raise ValueError(
                f"an ion of {atoms.get_chemical_formula()} moves by {moved:.2g} Å under a strain of "
                f"{size:g}: the crystal turns into another structure and has no elastic response"
            )
        stresses.append(rest.get_stress())
    return (stresses[0] - stresses[1]) / (2 * size)


def _rotations(atoms: Atoms) -> np.ndarray:
    """The crystal's point group, (n, 3, 3) acting on Cartesian vectors."""
    import spglib

    cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    found = spglib.get_symmetry(cell, symprec=SYMPREC)
    whole = np.unique(found["rotations"], axis=0) if found else np.eye(3, dtype=int)[None]
    lattice = atoms.cell.array.T
    left, _, right = np.linalg.svd(np.array([lattice @ w @ np.linalg.inv(lattice) for w in whole]))
    return left @ right  # a lattice relaxed in single precision has the symmetry to five digits only


def _invariant(rotations: np.ndarray) -> np.ndarray:
    """A basis of the stiffnesses that the rotations leave alone, (n, 6, 6): 3 for cubic, 21 for triclinic."""
    bonds = _bonds(rotations)[:, None]
    i, j = np.triu_indices(6)
    units = np.zeros((21, 6, 6))
    units[np.arange(21), i, j] = units[np.arange(21), j, i] = 1.0
    mean = (bonds @ units @ bonds.swapaxes(2, 3)).mean(axis=0)
    left, values, _ = np.linalg.svd(mean[:, i, j].T)
    kept = left[:, values > 0.5]  # of a projection, which a mean over a group is, skew or not: 0 or >= 1
    return np.einsum("un,uij->nij", kept, units)


def _bonds(rotations: np.ndarray) -> np.ndarray:
    """What rotations do to a stress in Voigt's order, (n, 6, 6) (Bond, Proc. Phys. Soc. 56, 245 (1943))."""
    units = np.array([voigt_6_to_full_3x3_stress(e) for e in np.eye(6)])
    turned = rotations[:, None] @ units @ rotations[:, None].swapaxes(2, 3)
    rows, columns = np.array(VOIGT).T
    return turned[:, :, rows, columns].swapaxes(1, 2)


def _needed(basis: np.ndarray) -> tuple[int, ...]:
    """The fewest strains, in order, whose stresses fix every coefficient."""
    chosen: list[int] = []
    rank = 0
    for k in range(6):
        found = np.linalg.matrix_rank(basis[:, [*chosen, k]].reshape(len(basis), -1), tol=DEPENDENT)
        if found > rank:
            chosen, rank = [*chosen, k], found
    return tuple(chosen)
