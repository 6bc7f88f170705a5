"""Harmonic vibrations of a molecule, or of a crystal's cell with all its copies in step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties.hessian import hessian

__all__ = ["Vibrations", "vibrations"]

LINEAR = 1e-3  # root of a moment of inertia, over the largest


@dataclass(frozen=True)
class Vibrations:
    """Normal modes without translations and, where nothing is periodic, rotations.

    Attributes
    ----------
    wavenumbers : (n_modes,) array, 1/cm
        Ascending; imaginary ones negative. 3 n − 6 of them, 3 n − 5 where a molecule is linear, 3 n − 3 of a
        periodic structure.
    modes : (n_modes, n, 3) array
        Displacements in mass-weighted coordinates, of length 1.
    asymmetry : float
        Of the Hessian: see `Hessian.asymmetry`.
    """

    wavenumbers: np.ndarray
    modes: np.ndarray
    asymmetry: float

    @property
    def n_imaginary(self) -> int:
        return int((self.wavenumbers < 0).sum())


def vibrations(calculator: BaseCalculator, atoms: Atoms, displacement: float = 0.005) -> Vibrations:
    """Eigenvalues of the mass-weighted Hessian, with rigid motions projected out.

    At a point that is not at rest the frequencies have no meaning: see `relaxed`.

    Parameters
    ----------
    calculator : Calculator
        With forces.
    atoms : Atoms
        At a stationary point.
    displacement : float
        Å.

    References
    ----------
    E. B. Wilson, J. C. Decius, P. C. Cross, Molecular Vibrations (1955).
    """
    found = hessian(calculator, atoms, displacement)
    root = np.repeat(atoms.get_masses() ** 0.5, 3)
    inside = _internal(atoms)
    values, vectors = np.linalg.eigh(inside.T @ (found.symmetric / np.outer(root, root)) @ inside)
    # ω = √(eV/Å²/u); ħω in eV, over hc in 1/cm
    energy = units._hbar * 1e10 * np.sqrt(units._e / units._amu) * np.sqrt(np.abs(values)) / units._e
    wavenumbers = np.sign(values) * energy / units.invcm
    return Vibrations(wavenumbers, (inside @ vectors).T.reshape(-1, len(atoms), 3), found.asymmetry)


def _internal(atoms: Atoms) -> np.ndarray:
    """An orthonormal basis, (3 n, n_modes), of mass-weighted moves that neither shift nor turn it."""
    root = atoms.get_masses()[:, None] ** 0.5
    axes = np.eye(3)
    rigid = [(root * axis).ravel() for axis in np.tile(axes[:, None], (1, len(atoms), 1))]
    if not atoms.pbc.any():
        arms = atoms.positions - atoms.get_center_of_mass()
        rigid += [(root * np.cross(axis, arms)).ravel() for axis in axes]
    left, values, _ = np.linalg.svd(np.array(rigid).T)
    rank = int((values > LINEAR * values.max()).sum())
    return left[:, rank:]
