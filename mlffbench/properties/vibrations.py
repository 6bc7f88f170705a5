"""Harmonic vibrations of a molecule, or of a crystal at the Γ point of its cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import takes_any_structure
from mlffbench.properties.hessian import hessian

__all__ = ["Vibrations", "vibrations"]

LINEAR = 1e-3  # square root of a moment of inertia over the largest: smaller ones mark linear molecules


@dataclass(frozen=True)
class Vibrations:
    """Normal modes without translations and, where nothing is periodic, rotations.

    Attributes
    ----------
    wavenumbers : (n_modes,) array, 1/cm
        Ascending wavenumbers, imaginary ones negative: 3 n − 6 of a molecule, 3 n − 5 of a linear one,
        3 n − 3 of a periodic structure.
    modes : (n_modes, n, 3) array
        Displacements in mass-weighted coordinates, of length 1.
    asymmetry : float
        Asymmetry of the Hessian, see `Hessian.asymmetry`.
    """

    wavenumbers: np.ndarray
    modes: np.ndarray
    asymmetry: float

    @property
    def n_imaginary(self) -> int:
        """Number of imaginary modes: 0 at a minimum, 1 at a saddle point."""
        return int((self.wavenumbers < 0).sum())


@takes_any_structure
def vibrations(calculator: BaseCalculator, atoms: Atoms, displacement: float = 0.005) -> Vibrations:
    """Diagonalise the mass-weighted Hessian with rigid motions projected out.

    The frequencies mean nothing unless the structure is at rest: see `relaxed`.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    atoms : Atoms
        Structure at a stationary point.
    displacement : float
        Displacement of a coordinate to either side, Å.

    References
    ----------
    E. B. Wilson, J. C. Decius, P. C. Cross, Molecular Vibrations (1955).
    """
    curvature = hessian(calculator, atoms, displacement)
    root_mass = np.repeat(atoms.get_masses() ** 0.5, 3)
    internal = _internal_basis(atoms)
    mass_weighted = curvature.symmetric / np.outer(root_mass, root_mass)
    values, vectors = np.linalg.eigh(internal.T @ mass_weighted @ internal)
    # ω = √(eV/Å²/u); ħω in eV, over hc in 1/cm
    energy = units._hbar * 1e10 * np.sqrt(units._e / units._amu) * np.sqrt(np.abs(values)) / units._e
    wavenumbers = np.sign(values) * energy / units.invcm
    return Vibrations(wavenumbers, (internal @ vectors).T.reshape(-1, len(atoms), 3), curvature.asymmetry)


def _internal_basis(atoms: Atoms) -> np.ndarray:
    """Orthonormal basis, (3 n, n_modes), of mass-weighted displacements without rigid motions."""
    root_mass = atoms.get_masses()[:, None] ** 0.5
    axes = np.eye(3)
    rigid = [(root_mass * axis).ravel() for axis in np.tile(axes[:, None], (1, len(atoms), 1))]
    if not atoms.pbc.any():
        arms = atoms.positions - atoms.get_center_of_mass()
        rigid += [(root_mass * np.cross(axis, arms)).ravel() for axis in axes]
    left, values, _ = np.linalg.svd(np.array(rigid).T)
    rank = int((values > LINEAR * values.max()).sum())
    return left[:, rank:]
