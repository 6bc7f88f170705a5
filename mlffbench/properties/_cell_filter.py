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
    """Fréchet derivative of exp: V (Φ ∘ V⁻¹ E V) V⁻¹, Φ_ij = (exp λ_i − exp λ_j)/(λ_i − λ_j).

    N. J. Higham, Functions of Matrices (SIAM, 2008), theorem 3.11 (Daleckii and Krein).
    """
    from scipy.linalg import expm_frechet

    if (eigen := _eigen(matrix)) is None:
        return expm_frechet(matrix, direction, compute_expm=False)
    values, vectors, inverse = eigen
    mean, half = (values[:, None] + values) / 2, (values[:, None] - values) / 2
    small = np.abs(half) < 1e-6
    phi = np.exp(mean) * np.where(small, 1.0, np.sinh(half) / np.where(small, 1.0, half))
    return (vectors @ (phi * (inverse @ direction @ vectors)) @ inverse).real
