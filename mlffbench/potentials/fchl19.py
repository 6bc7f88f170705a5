"""Element-wise Gaussian kernels on FCHL19 vectors: operator learning and Gaussian process regression.

Representation and solvers are qmllib's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy.linalg import cho_factor, cho_solve

from mlffbench.potentials.regression.streaming_qr import updated_r_factor
from mlffbench.system import progress

__all__ = [
    "Fit",
    "Points",
    "Representation",
    "describe",
    "fit_gp",
    "fit_operator",
    "operator_rows",
    "predict",
]

BLOCK = 40  # frames whose rows are in memory at once


@dataclass(frozen=True)
class Representation:
    """FCHL19 vectors (n, f) of a frame's atoms and their derivatives (n, f, 3n) by all coordinates, 1/Å."""

    numbers: np.ndarray
    vectors: np.ndarray
    derivatives: np.ndarray


@dataclass(frozen=True)
class Points:
    """Representers by element: vectors (m, f), weights (m,), and directions (m, f) or none.

    E(x) = Σ_I k(x, x_I) [w_I + (x − x_I)·v_I/σ²], over points of the element of x.
    """

    vectors: Mapping[int, np.ndarray]
    weights: Mapping[int, np.ndarray]
    directions: Mapping[int, np.ndarray]


@dataclass(frozen=True)
class Fit:
    """A fitted function, its number of unknowns, and the number of training frames used."""

    points: Points
    n_columns: int
    n_used: int


@dataclass(frozen=True)
class Frames:
    """Training frames with their energies (n,) and forces, and the parameters of the representation."""

    frames: Sequence[Atoms]
    energy: np.ndarray
    forces: Sequence[np.ndarray | None]
    elements: Sequence[int]
    cutoff: float

    def representations(self) -> Iterator[Representation]:
        """Yield each frame's representation, computed anew: all of them would fill the memory."""
        return (describe(atoms, self.elements, self.cutoff) for atoms in self.frames)


def describe(atoms: Atoms, elements: Sequence[int], cutoff: float) -> Representation:
    """FCHL19 representation by qmllib, with its parameters for forces."""
    from qmllib.representations import generate_fchl19

    vectors, derivatives = generate_fchl19(
        atoms.numbers, atoms.positions, elements=list(elements), rcut=cutoff, acut=cutoff, gradients=True
    )
    return Representation(atoms.numbers, vectors, derivatives.reshape(*vectors.shape, -1))


def fit_operator(
    training: Frames,
    sigma: float,
    n_representers: int,
    rcond: float,
    weights: tuple[float, float],
    rng: np.random.RandomState,
) -> Fit:
    """min_α Σ w_E (E − K α)² + w_F (F + ∂K α)² over all frames, by streaming QR and an SVD."""
    from qmllib.solvers import svd_solve

    vectors = sample_representers(training, n_representers, rng)
    roots, n = np.sqrt(weights), len(training.frames)
    r_factor, block = None, []
    for k, frame in enumerate(training.representations()):
        value, force = operator_rows(frame, vectors, sigma)
        block.append(roots[0] * np.append(value, training.energy[k])[None])
        if (label := training.forces[k]) is not None:
            block.append(roots[1] * np.column_stack([force, label.ravel()]))
        if len(block) >= 2 * BLOCK or k == n - 1:
            r_factor, block = updated_r_factor(r_factor, np.vstack(block)), []
        progress.report("fit", k + 1, n)
    assert r_factor is not None
    alpha = svd_solve(r_factor[:, :-1], np.ascontiguousarray(r_factor[:, -1]), rcond=rcond)
    parts = np.split(alpha, np.cumsum([len(v) for v in vectors.values()])[:-1])
    return Fit(Points(vectors, dict(zip(vectors, parts, strict=True)), {}), len(alpha), n)


def fit_gp(training: Frames, sigma: float, n_labels: int, noise: float) -> Fit:
    """(K + noise²) α = (E, F) with qmllib's kernel of energies and forces, on at most `n_labels` labels.

    Raises
    ------
    ValueError
        No frame has forces.
    """
    from qmllib.kernels.gradient_kernels import get_symmetric_gp_kernel

    labelled = [k for k, f in enumerate(training.forces) if f is not None]
    if not labelled:
        raise ValueError("the gpr solver of FCHL19 needs forces; use solver='operator' for energies alone")
    used = _evenly_spaced(labelled, [len(a) for a in training.frames], n_labels)
    frames = [describe(training.frames[k], training.elements, training.cutoff) for k in used]
    vectors, derivatives = _padded(frames)
    kernel = get_symmetric_gp_kernel(vectors, derivatives, [r.numbers for r in frames], sigma)
    known = [np.ravel(f) for k in used if (f := training.forces[k]) is not None]
    target = np.concatenate([training.energy[used], *known])
    kernel = np.asarray(kernel) + noise**2 * np.eye(len(target))
    alpha = cho_solve(cho_factor(kernel, lower=True), target)
    return Fit(_on_atoms(frames, alpha), len(alpha), len(used))


def sample_representers(training: Frames, n: int, rng: np.random.RandomState) -> dict[int, np.ndarray]:
    """Vectors of about `n` random training atoms, every element by its share.

    A random sample covers the environments of hot trajectories as often as they occur.
    """
    numbers = np.concatenate([a.numbers for a in training.frames])
    vectors = np.concatenate([r.vectors for r in training.representations()])
    sample = {}
    for z in training.elements:
        own = np.flatnonzero(numbers == z)
        count = max(1, min(len(own), round(n * len(own) / len(numbers))))
        sample[int(z)] = vectors[np.sort(rng.permutation(own)[:count])]
    return sample


def operator_rows(
    frame: Representation, points: Mapping[int, np.ndarray], sigma: float
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
            force -= (away @ frame.derivatives[j]) * (k / sigma**2)[:, None]
        values.append(value)
        forces.append(force.T)
    return np.concatenate(values), np.hstack(forces)


def predict(frame: Representation, points: Points, sigma: float) -> tuple[float, np.ndarray]:
    """Energy and forces (n, 3) of a frame.

    The sum over points comes before the derivative by positions.
    """
    n, f = frame.vectors.shape
    energy, gradient = 0.0, np.zeros((n, f))
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
            gradient[own] += k @ directions / sigma**2
        energy += float((k * weight).sum())
        gradient[own] -= np.einsum("jm,jmf->jf", k * weight, away) / sigma**2
    forces = -np.einsum("jf,jfc->c", gradient, frame.derivatives)
    return energy, forces.reshape(n, 3)


def _evenly_spaced(labelled: Sequence[int], sizes: Sequence[int], n_labels: int) -> list[int]:
    """Evenly spaced frames with at most `n_labels` energies and force components; at least one frame."""
    rows = np.mean([1 + 3 * sizes[k] for k in labelled])
    n = max(1, min(len(labelled), int(n_labels // rows)))
    return [labelled[i] for i in np.linspace(0, len(labelled) - 1, n).round().astype(int)]


def _padded(frames: Sequence[Representation]) -> tuple[np.ndarray, np.ndarray]:
    """All vectors (N, n, f) and derivatives (N, n, f, n, 3), as qmllib's kernels read them."""
    n, f = max(len(r.numbers) for r in frames), frames[0].vectors.shape[1]
    vectors, derivatives = np.zeros((len(frames), n, f)), np.zeros((len(frames), n, f, n, 3))
    for k, r in enumerate(frames):
        m = len(r.numbers)
        vectors[k, :m], derivatives[k, :m, :, :m] = r.vectors, r.derivatives.reshape(m, f, m, 3)
    return vectors, derivatives


def _on_atoms(frames: Sequence[Representation], alpha: np.ndarray) -> Points:
    """The GP solution on atoms: weights α of the energies, directions −Σ_c α_c ∂x/∂r_c of the forces."""
    sizes = [len(r.numbers) for r in frames]
    on_energy = np.repeat(alpha[: len(sizes)], sizes)
    on_forces = np.split(alpha[len(sizes) :], 3 * np.cumsum(sizes)[:-1])
    numbers = np.concatenate([r.numbers for r in frames])
    vectors = np.concatenate([r.vectors for r in frames])
    directions = np.concatenate([-r.derivatives @ a for r, a in zip(frames, on_forces, strict=True)])
    own = {int(z): numbers == z for z in np.unique(numbers)}
    return Points(*({z: v[at] for z, at in own.items()} for v in (vectors, on_energy, directions)))
