"""Design matrix of the weighted least-squares fit of a classical potential."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from ase import Atoms
from scipy.sparse import coo_array, csr_array, vstack

from mlffbench.data import VOIGT, Labels
from mlffbench.descriptors.graph import Graph, build

__all__ = [
    "DesignMatrix",
    "design_matrix",
    "first_shell",
    "per_atom_constants",
    "random_subsample",
    "undirected",
]

SAMPLE = 20  # frames whose pairs are counted to estimate those of all


@dataclass(frozen=True)
class DesignMatrix:
    """Weighted labels, linear in the energies E of all frames and the gradient ∂E/∂v by p pair vectors v.

    residual = on_energy E + on_gradient ∂E/∂v − target

    Attributes
    ----------
    on_energy : (rows, n_frames) sparse
    on_gradient : (rows, 3p) sparse
    target : (rows,) energies per atom, then force components, then stress components, each weighted
    compositions : (n_frames, k) orthonormal basis of the compositions. It is projected out of the energy rows
        (the first ones), as constants per element explain this part
    """

    on_energy: csr_array
    on_gradient: csr_array
    target: np.ndarray
    compositions: np.ndarray

    def residual(self, predicted: np.ndarray) -> np.ndarray:
        """Weighted predicted − true, (rows,)."""
        return self.project(predicted - self.target)

    def project(self, rows: np.ndarray) -> np.ndarray:
        """Project the compositions out of the energy rows of `rows` (rows, ...), in place."""
        n = len(self.compositions)
        rows[:n] -= self.compositions @ (self.compositions.T @ rows[:n])
        return rows

    def on_distance_derivative(self, directions: np.ndarray) -> csr_array:
        """The matrix on ∂E/∂r, (rows, p), of pairs with the unit vectors `directions` (p, 3)."""
        p = len(directions)
        columns = coo_array((directions.ravel(), (np.arange(3 * p), np.repeat(np.arange(p), 3))), (3 * p, p))
        return (self.on_gradient @ columns.tocsr()).tocsr()


def random_subsample(
    frames: Sequence[Atoms], labels: Labels, cutoff: float, max_pairs: float, rng: np.random.RandomState
) -> tuple[Sequence[Atoms], Labels]:
    """Random subsample of the frames with about `max_pairs` directed pairs; all frames if they have fewer."""
    sample = [frames[i] for i in np.unique(np.linspace(0, len(frames) - 1, SAMPLE).astype(int))]
    per_frame = len(build(sample, cutoff).source) / len(sample)
    n = max(int(max_pairs / max(per_frame, 1.0)), SAMPLE)
    if n >= len(frames):
        return frames, labels
    indices = np.sort(rng.choice(len(frames), n, replace=False))
    return [frames[i] for i in indices], labels[indices]


def undirected(graph: Graph) -> Graph:
    """The graph with every pair in one of its two directions."""
    i, j, shifts = graph.source, graph.target, graph.shifts
    signs = shifts @ torch.tensor([1e6, 1e3, 1.0], dtype=shifts.dtype, device=shifts.device)
    keep = (i < j) | ((i == j) & (signs > 0))
    return replace(graph, source=i[keep], target=j[keep], shifts=shifts[keep])


def first_shell(distances: np.ndarray) -> float:
    """Distance of the first shell, Å: the maximum of the histogram of distances, weighted by 1/r²."""
    counts, edges = np.histogram(distances, bins=np.arange(0.0, distances.max() + 0.2, 0.1))
    centres = (edges[1:] + edges[:-1]) / 2
    return float(centres[np.argmax(counts / centres**2)])


def design_matrix(
    graph: Graph, frames: Sequence[Atoms], labels: Labels, weights: Sequence[float], elements: Sequence[str]
) -> DesignMatrix:
    """Design matrix of labelled frames for the pairs of `graph`.

    Each block of rows is divided by the spread of its labels and the root of its length, so that the sum of
    squares is Σ_q weight_q (RMSE_q/σ_q)², independent of units and numbers of components.
    """
    pairs = Pairs(*(x.numpy() for x in (graph.source, graph.target, graph.frame, graph.vectors)))
    sizes = np.array([len(a) for a in frames], dtype=float)
    compositions = _column_space(_fractions(frames, elements))
    energy = labels.energy / sizes
    scale = _scale(energy - compositions @ (compositions.T @ energy), weights[0])
    on_energy = coo_array((scale / sizes, (np.arange(len(frames)),) * 2)).tocsr()
    forces, true_forces = _force_rows(pairs, labels, weights[1])
    stress, true_stress = _stress_rows(pairs, frames, labels, weights[2])
    n_others = len(true_forces) + len(true_stress)
    return DesignMatrix(
        on_energy=vstack([on_energy, csr_array((n_others, len(frames)))], format="csr"),
        on_gradient=vstack([csr_array((len(frames), forces.shape[1])), forces, stress], format="csr"),
        target=np.concatenate([scale * energy, true_forces, true_stress]),
        compositions=compositions,
    )


def per_atom_constants(
    frames: Sequence[Atoms], energies: np.ndarray, elements: Sequence[str]
) -> dict[str, float]:
    """Least-squares energies per atom of each element, eV: a common constant, then each element's own."""
    sizes = np.array([len(a) for a in frames], dtype=float)
    common = np.mean(energies / sizes)
    own = np.linalg.lstsq(_fractions(frames, elements), energies / sizes - common, rcond=1e-8)[0]
    return dict(zip(elements, (common + own).tolist(), strict=True))


@dataclass(frozen=True)
class Pairs:
    """Pairs of atoms: source and target (p,), frame of each atom (n,), pair vectors (p, 3) in Å."""

    source: np.ndarray
    target: np.ndarray
    frame: np.ndarray
    vectors: np.ndarray


def _fractions(frames: Sequence[Atoms], elements: Sequence[str]) -> np.ndarray:
    """Fraction of each element in each frame, (n_frames, n_elements)."""
    numbers = Atoms(list(elements)).numbers
    return np.array([(a.numbers[:, None] == numbers).mean(axis=0) for a in frames])


def _column_space(matrix: np.ndarray) -> np.ndarray:
    """Orthonormal basis of the columns."""
    left, singular, _ = np.linalg.svd(matrix, full_matrices=False)
    return left[:, singular > 1e-8 * singular[0]]


Block = tuple[csr_array, np.ndarray]  # rows on ∂E/∂v and their targets


def _force_rows(pairs: Pairs, labels: Labels, weight: float) -> Block:
    """Rows F_i = Σ_j g_ij − g_ji with g = ∂E/∂v, v from i to j, of the frames that have forces."""
    sizes = np.bincount(pairs.frame, minlength=len(labels))
    forces = labels.forces or (None,) * len(labels)
    has = np.repeat([f is not None for f in forces], sizes)
    true = np.concatenate([f.ravel() for f in forces if f is not None] or [np.zeros(0)])
    scale = _scale(true, weight)
    first = 3 * (np.cumsum(has) - 1)
    labelled = np.flatnonzero(has[pairs.source])
    axes = np.arange(3)
    rows = [(first[atom[labelled], None] + axes).ravel() for atom in (pairs.source, pairs.target)]
    columns = (3 * labelled[:, None] + axes).ravel()
    entries = np.repeat([scale, -scale], len(columns))
    matrix = coo_array(
        (entries, (np.concatenate(rows), np.tile(columns, 2))), (len(true), 3 * len(pairs.source))
    )
    return matrix.tocsr(), scale * true


def _stress_rows(pairs: Pairs, frames: Sequence[Atoms], labels: Labels, weight: float) -> Block:
    """Rows σ_ab = Σ (v_a g_b + v_b g_a) / 2V of the periodic frames that have a stress."""
    stress = labels.stress or (None,) * len(frames)
    has = np.array([s is not None and a.pbc.all() for a, s in zip(frames, stress, strict=True)])
    true = np.concatenate([stress[i] for i in np.flatnonzero(has)] or [np.zeros(0)])
    scale = _scale(true, weight)
    volume = np.array([a.get_volume() if h else np.inf for a, h in zip(frames, has, strict=True)])
    first = 6 * (np.cumsum(has) - 1)
    frame = pairs.frame[pairs.source]
    labelled = np.flatnonzero(has[frame])
    factor = scale / (2 * volume[frame[labelled]])
    rows, columns, entries = [], [], []
    for k, (a, b) in enumerate(VOIGT):
        for one, other in ((a, b), (b, a)):
            rows.append(first[frame[labelled]] + k)
            columns.append(3 * labelled + other)
            entries.append(factor * pairs.vectors[labelled, one])
    coordinates = (np.concatenate(rows), np.concatenate(columns))
    matrix = coo_array((np.concatenate(entries), coordinates), (len(true), 3 * len(pairs.source)))
    return matrix.tocsr(), scale * true


def _scale(values: np.ndarray, weight: float) -> float:
    """√(weight/n)/σ; 0 for labels that are missing or all zero."""
    spread = np.sqrt(np.mean(values**2)) if len(values) else 0.0
    return float(np.sqrt(weight / len(values)) / spread) if spread > 1e-10 else 0.0
