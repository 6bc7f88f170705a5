"""ASE's cell filter with fast logarithms: its own spends milliseconds a step on matrices of 3×3."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from ase import Atoms
from ase.filters import FrechetCellFilter

__all__ = ["CellFilter"]

LARGEST_INVERSE = 1e4  # element of V⁻¹, beyond which scipy's general methods are taken
Eigen = tuple[np.ndarray, np.ndarray, np.ndarray]


class CellFilter(FrechetCellFilter):
    """`FrechetCellFilter` that takes the matrix logarithm and its derivative from eigenvectors."""

    def __init__(self, atoms: Atoms, **kwargs: Any) -> None:
        super().__init__(atoms, **kwargs)
        holders: tuple[Any, ...] = (self, getattr(self, "_utility", self))  # of older and of newer ASE
        for holder in holders:
            holder.logm, holder.expm_frechet = logm, expm_frechet
        self._forces_of: tuple[Any, ...] = ()
        self._forces = np.zeros(0)

    def get_forces(self, **kwargs: Any) -> np.ndarray:
        """Forces on atoms and cell; optimisers ask twice a step, for convergence and for the next move."""
        atoms, asked = self.atoms, tuple(sorted(kwargs.items()))
        place = (id(atoms.calc), atoms.positions.tobytes(), atoms.cell.array.tobytes(), asked)
        if place != self._forces_of:
            self._forces, self._forces_of = super().get_forces(**kwargs), place
        return self._forces.copy()


def _eigen(matrix: np.ndarray) -> Eigen | None:
    """Eigenvalues, eigenvectors V and V⁻¹; None if the matrix is (nearly) defective."""
    return _eigen_of(np.asarray(matrix, float).tobytes())


@lru_cache(maxsize=16)
def _eigen_of(matrix: bytes) -> Eigen | None:
    values, vectors = np.linalg.eig(np.frombuffer(matrix).reshape(3, 3))
    try:
        inverse = np.linalg.inv(vectors)
    except np.linalg.LinAlgError:
        return None
    return (values.astype(complex), vectors, inverse) if np.abs(inverse).max() < LARGEST_INVERSE else None


def logm(matrix: np.ndarray) -> np.ndarray:
    """Matrix logarithm, V ln(λ) V⁻¹."""
    from scipy.linalg import logm

    if (eigen := _eigen(matrix)) is None or np.abs(eigen[0]).min() == 0:
        return logm(matrix).real
    values, vectors, inverse = eigen
    return ((vectors * np.log(values)) @ inverse).real


def expm_frechet(matrix: np.ndarray, direction: np.ndarray, compute_expm: bool = False) -> np.ndarray:
    """Fréchet derivative of exp along a direction; those along all nine are computed at once and kept."""
    from scipy.linalg import expm_frechet

    if (derivatives := _derivatives_of(np.asarray(matrix, float).tobytes())) is None:
        return expm_frechet(matrix, direction, compute_expm=False)
    return (direction.reshape(9) @ derivatives).reshape(3, 3)


@lru_cache(maxsize=16)
def _derivatives_of(matrix: bytes) -> np.ndarray | None:
    """Derivatives of exp along E_kl = e_k ⊗ e_l, (9, 9): V (Φ ∘ V⁻¹ E V) V⁻¹ at the place 3 k + l.

    Φ_ij = (exp λ_i − exp λ_j)/(λ_i − λ_j); N. J. Higham, Functions of Matrices (SIAM, 2008), theorem 3.11
    (Daleckii and Krein). None if the matrix is (nearly) defective.
    """
    if (eigen := _eigen_of(matrix)) is None:
        return None
    values, vectors, inverse = eigen
    mean, half = (values[:, None] + values) / 2, (values[:, None] - values) / 2
    small = np.abs(half) < 1e-6
    phi = np.exp(mean) * np.where(small, 1.0, np.sinh(half) / np.where(small, 1.0, half))
    rotated = inverse.T[:, None, :, None] * vectors[None, :, None, :]  # V⁻¹ E_kl V
    return (vectors @ (phi * rotated) @ inverse).real.reshape(9, 9)
