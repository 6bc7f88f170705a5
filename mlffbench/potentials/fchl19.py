"""Element-wise Gaussian kernels on FCHL19 vectors and their derivatives by atomic positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

__all__ = ["Described", "Points", "describe", "drawn", "operator_rows", "predicted"]


@dataclass(frozen=True)
class Described:
    """One frame: vectors (n, f) of its atoms and their derivatives (n, f, 3n) by all coordinates, 1/Å."""

    numbers: np.ndarray
    vectors: np.ndarray
    slopes: np.ndarray


@dataclass(frozen=True)
class Points:
    """What carries the function: by element, vectors (m, f), weights (m,) and directions (m, f) or none.

    E(x) = Σ_I k(x, x_I) [w_I + (x − x_I)·v_I/σ²], over points of the element of x.
    """

    vectors: Mapping[int, np.ndarray]
    weights: Mapping[int, np.ndarray]
    directions: Mapping[int, np.ndarray]


def describe(atoms: Atoms, elements: Sequence[int], cutoff: float) -> Described:
    """FCHL19 by qmllib, with its parameters for forces."""
    from qmllib.representations import generate_fchl19

    vectors, slopes = generate_fchl19(
        atoms.numbers, atoms.positions, elements=list(elements), rcut=cutoff, acut=cutoff, gradients=True
    )
    return Described(atoms.numbers, vectors, slopes.reshape(*vectors.shape, -1))


def drawn(
    frames: Sequence[Described], elements: Sequence[int], n: int, rng: np.random.RandomState
) -> dict[int, np.ndarray]:
    """About `n` atoms, every element by its share: what is random covers hot surroundings as they occur."""
    numbers = np.concatenate([d.numbers for d in frames])
    vectors = np.concatenate([d.vectors for d in frames])
    found = {}
    for z in elements:
        own = np.flatnonzero(numbers == z)
        count = max(1, min(len(own), round(n * len(own) / len(numbers))))
        found[int(z)] = vectors[np.sort(rng.permutation(own)[:count])]
    return found


def operator_rows(
    frame: Described, points: Mapping[int, np.ndarray], sigma: float
) -> tuple[np.ndarray, np.ndarray]:
    """Σ_j k(x_j, x_I) (m,) and minus its gradient (3n, m).

    The columns of qmllib's `get_atomic_local_kernel` and `get_atomic_local_gradient_kernel`, by matrix
    products: a fifth of their time.
    """
    n = len(frame.numbers)
    values, forces = [], []
    for z, vectors in points.items():
        value, force = np.zeros(len(vectors)), np.zeros((len(vectors), 3 * n))
        for j in np.flatnonzero(frame.numbers == z):
            away = vectors - frame.vectors[j]
            k = np.exp(-np.square(away).sum(axis=1) / (2 * sigma**2))
            value += k
            force -= (away @ frame.slopes[j]) * (k / sigma**2)[:, None]
        values.append(value)
        forces.append(force.T)
    return np.concatenate(values), np.hstack(forces)


def predicted(frame: Described, points: Points, sigma: float) -> tuple[float, np.ndarray]:
    """Energy and forces (n, 3): the sum over points is made before the derivative by positions."""
    n, f = frame.vectors.shape
    energy, slope = 0.0, np.zeros((n, f))
    for z, vectors in points.vectors.items():
        own = np.flatnonzero(frame.numbers == z)
        x = frame.vectors[own]
        # differences, not |x|² + |y|² − 2xy: that loses the digits that energies near a point need
        away = x[:, None] - vectors[None]
        k = np.exp(-np.square(away).sum(axis=2) / (2 * sigma**2))
        directions = points.directions.get(z)
        weight = points.weights[z][None]
        if directions is not None:
            weight = weight + np.einsum("jmf,mf->jm", away, directions) / sigma**2
            slope[own] += k @ directions / sigma**2
        energy += float((k * weight).sum())
        slope[own] -= np.einsum("jm,jmf->jf", k * weight, away) / sigma**2
    forces = -np.einsum("jf,jfc->c", slope, frame.slopes)
    return energy, forces.reshape(n, 3)
