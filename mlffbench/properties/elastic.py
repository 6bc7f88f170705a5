"""Elastic constants of a crystal, from stresses of the few strained cells that its symmetry requires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.stress import voigt_6_to_full_3x3_strain, voigt_6_to_full_3x3_stress
from ase.units import GPa

from mlffbench.data import VOIGT
from mlffbench.properties._structures import takes_any_structure
from mlffbench.properties.bulk_relaxation import relax_many
from mlffbench.properties.relaxation import converged, relaxed
from mlffbench.properties.symmetry import symmetry_dataset

__all__ = ["Elastic", "elastic_constants", "stress_derivatives"]

SYMPREC = 1e-3  # Å
DEPENDENT = 1e-2  # smaller singular values belong to strains that determine no further coefficient
LARGEST_SHIFT = 0.3  # Å: an ion that moves further under so small a strain has left its site


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
        Voigt components that were strained, 0 to 5; symmetry gives the rest.
    residual : float
        Largest difference between a measured stress derivative and the symmetric C, GPa.
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
        voigt = (_axial_difference(self.C) + 3 * np.trace(self.C[3:, 3:])) / 15
        reuss = 15 / (4 * _axial_difference(s) + 3 * np.trace(s[3:, 3:]))
        return float((voigt + reuss) / 2)

    @property
    def stable(self) -> bool:
        """Born's stability criterion: C is positive definite, so every strain costs energy."""
        return bool(np.linalg.eigvalsh((self.C + self.C.T) / 2)[0] > 0)


def _axial_difference(m: np.ndarray) -> float:
    """m11 + m22 + m33 − m12 − m13 − m23."""
    return float(np.trace(m[:3, :3]) - m[0, 1] - m[0, 2] - m[1, 2])


@takes_any_structure
def elastic_constants(
    calculator: BaseCalculator,
    atoms: Atoms,
    strain: float = 5e-3,
    fmax: float = 1e-3,
    steps: int = 500,
    relax_cell: bool = True,
) -> Elastic:
    """C_ij = ∂σ_i/∂ε_j of relaxed ions by central differences, at zero stress.

    Only as many strains are applied as the crystal's point group requires: two for cubic, up to six for
    triclinic crystals, in any orientation of the cell.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces and stresses.
    atoms : Atoms
        Crystal; it is relaxed first.
    strain : float
        Size of the strains, applied with both signs.
    fmax, steps : float, int
        Largest force left by a relaxation, eV/Å, and its step limit.
    relax_cell : bool
        False keeps the cell as it is, even under stress.

    Raises
    ------
    ValueError
        A relaxation does not converge, the crystal is not periodic, or it turns into another structure.
    """
    start = relaxed(calculator, atoms, cell=relax_cell, fmax=fmax, steps=steps)
    basis = _invariant_stiffnesses(_point_group(start))
    strains = _required_strains(basis)
    derivatives = stress_derivatives(calculator, start, strains, strain, fmax, steps)
    design = basis[:, strains].transpose(1, 2, 0).reshape(-1, len(basis))
    coefficients = np.linalg.lstsq(design, derivatives.ravel(), rcond=None)[0]
    residual = np.abs(design @ coefficients - derivatives.ravel()).max()
    start.calc = None
    return Elastic(np.einsum("b,bij->ij", coefficients, basis) / GPa, start, strains, float(residual / GPa))


def stress_derivatives(
    calculator: BaseCalculator,
    atoms: Atoms,
    components: Sequence[int],
    strain: float = 5e-3,
    fmax: float = 1e-3,
    steps: int = 500,
) -> np.ndarray:
    """∂σ/∂ε_k of relaxed ions by central differences, (n, 6) eV/Å³; all strained cells relax together.

    Raises
    ------
    ValueError
        The ions do not relax, or the crystal turns into another structure.
    """
    strained = [_strained(atoms, k, sign * strain) for k in components for sign in (1, -1)]
    stresses = []
    for start, result in zip(strained, relax_many(calculator, strained, False, fmax, steps), strict=True):
        rest = converged(result, fmax, steps)
        shift = float(np.linalg.norm(rest.positions - start.positions, axis=1).max())
        if shift > LARGEST_SHIFT:
            raise ValueError(
                f"an ion of {atoms.get_chemical_formula()} moves by {shift:.2g} Å under a strain of "
                f"{strain:g}: the crystal turns into another structure and has no elastic response"
            )
        rest.calc = calculator
        stresses.append(rest.get_stress())
    pairs = np.array(stresses).reshape(-1, 2, 6)
    return (pairs[:, 0] - pairs[:, 1]) / (2 * strain)


def _strained(atoms: Atoms, component: int, strain: float) -> Atoms:
    strained = atoms.copy()
    deformation = voigt_6_to_full_3x3_strain(strain * np.eye(6)[component])
    strained.set_cell(atoms.cell.array @ deformation, scale_atoms=True)
    return strained


def _point_group(atoms: Atoms) -> np.ndarray:
    """Rotations of the crystal's point group, (n, 3, 3) acting on Cartesian vectors."""
    symmetry = symmetry_dataset(atoms, SYMPREC)
    scaled = np.unique(symmetry.rotations, axis=0) if symmetry else np.eye(3, dtype=int)[None]
    lattice = atoms.cell.array.T
    left, _, right = np.linalg.svd(np.array([lattice @ w @ np.linalg.inv(lattice) for w in scaled]))
    return left @ right  # a lattice relaxed in single precision has the symmetry to five digits only


def _invariant_stiffnesses(rotations: np.ndarray) -> np.ndarray:
    """Basis of the stiffnesses invariant under the rotations, (n, 6, 6): 3 for cubic, 21 for triclinic."""
    bond = _bond_matrices(rotations)[:, None]
    i, j = np.triu_indices(6)
    units = np.zeros((21, 6, 6))
    units[np.arange(21), i, j] = units[np.arange(21), j, i] = 1.0
    mean = (bond @ units @ bond.swapaxes(2, 3)).mean(axis=0)
    left, values, _ = np.linalg.svd(mean[:, i, j].T)
    coefficients = left[:, values > 0.5]  # the mean over a group is a projection, skew or not: 0 or >= 1
    return np.einsum("un,uij->nij", coefficients, units)


def _bond_matrices(rotations: np.ndarray) -> np.ndarray:
    """Bond's rotation matrices of a Voigt stress, (n, 6, 6) (Bond, Proc. Phys. Soc. 56, 245 (1943))."""
    units = np.array([voigt_6_to_full_3x3_stress(e) for e in np.eye(6)])
    rotated = rotations[:, None] @ units @ rotations[:, None].swapaxes(2, 3)
    rows, columns = np.array(VOIGT).T
    return rotated[:, :, rows, columns].swapaxes(1, 2)


def _required_strains(basis: np.ndarray) -> tuple[int, ...]:
    """Fewest Voigt components, in order, whose stresses determine every coefficient of the basis."""
    components: list[int] = []
    rank = 0
    for k in range(6):
        rank_with_k = np.linalg.matrix_rank(basis[:, [*components, k]].reshape(len(basis), -1), tol=DEPENDENT)
        if rank_with_k > rank:
            components, rank = [*components, k], rank_with_k
    return tuple(components)
