"""What the labels say of a classical potential, as rows linear in its energies and in ∂E/∂(pair vector)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from ase import Atoms
from scipy.sparse import coo_array, csr_array, vstack

from mlffbench.data import VOIGT, Labels
from mlffbench.descriptors.graph import Graph, build

__all__ = ["Rows", "affordable", "first_shell", "halved", "per_atom_constants", "rows_of"]

SAMPLE = 20  # frames whose neighbours are counted to foretell those of all


@dataclass(frozen=True)
class Rows:
    """residual = on_energy E + on_gradient ∂E/∂v − target: all frames, p pair vectors v.

    Attributes
    ----------
    on_energy : (rows, n_frames) sparse
    on_gradient : (rows, 3p) sparse
    target : (rows,) energies per atom, then force components, then stress components, each weighted
    free : (n_frames, k) orthonormal basis of the compositions: what constants per element would explain is
        taken off the energy rows, which come first
    """

    on_energy: csr_array
    on_gradient: csr_array
    target: np.ndarray
    free: np.ndarray

    def residual(self, predicted: np.ndarray) -> np.ndarray:
        """Weighted predicted − true, (rows,)."""
        return self.centred(predicted - self.target)

    def centred(self, rows: np.ndarray) -> np.ndarray:
        """The energy rows without what constants per element explain; changes `rows`, (rows, ...)."""
        n = len(self.free)
        rows[:n] -= self.free @ (self.free.T @ rows[:n])
        return rows

    def along(self, directions: np.ndarray) -> csr_array:
        """On the slopes ∂E/∂r of pairs whose vectors have these unit directions, (rows, p)."""
        p = len(directions)
        columns = coo_array((directions.ravel(), (np.arange(3 * p), np.repeat(np.arange(p), 3))), (3 * p, p))
        return (self.on_gradient @ columns.tocsr()).tocsr()


def affordable(
    frames: Sequence[Atoms], labels: Labels, cutoff: float, max_pairs: float, rng: np.random.RandomState
) -> tuple[Sequence[Atoms], Labels]:
    """All frames, or as many drawn at random as hold about `max_pairs` directed pairs."""
    few = [frames[i] for i in np.unique(np.linspace(0, len(frames) - 1, SAMPLE).astype(int))]
    per_frame = len(build(few, cutoff).source) / len(few)
    n = max(int(max_pairs / max(per_frame, 1.0)), SAMPLE)
    if n >= len(frames):
        return frames, labels
    chosen = np.sort(rng.choice(len(frames), n, replace=False))
    return [frames[i] for i in chosen], labels[chosen]


def halved(graph: Graph) -> Graph:
    """One of the two directions of every pair."""
    i, j, shifts = graph.source, graph.target, graph.shifts
    signs = shifts @ torch.tensor([1e6, 1e3, 1.0], dtype=shifts.dtype, device=shifts.device)
    keep = (i < j) | ((i == j) & (signs > 0))
    return replace(graph, source=i[keep], target=j[keep], shifts=shifts[keep])


def first_shell(distances: np.ndarray) -> float:
    """Where pairs are densest, each distance counted by 1/r² as a radial distribution does."""
    counts, edges = np.histogram(distances, bins=np.arange(0.0, distances.max() + 0.2, 0.1))
    centres = (edges[1:] + edges[:-1]) / 2
    return float(centres[np.argmax(counts / centres**2)])


def rows_of(
    graph: Graph, frames: Sequence[Atoms], labels: Labels, weights: Sequence[float], elements: Sequence[str]
) -> Rows:
    """The rows of frames and labels for the pairs of `graph`.

    Each block of rows is divided by the spread of its labels and the root of its length, so that the sum of
    squares is Σ_q weight_q (RMSE_q/σ_q)², whatever the units and however many components there are.
    """
    pairs = Pairs(*(x.numpy() for x in (graph.source, graph.target, graph.frame, graph.vectors)))
    sizes = np.array([len(a) for a in frames], dtype=float)
    free = _column_space(_shares(frames, elements))
    energy = labels.energy / sizes
    scale = _scale(energy - free @ (free.T @ energy), weights[0])
    on_energy = coo_array((scale / sizes, (np.arange(len(frames)),) * 2)).tocsr()
    forces, true_forces = _force_rows(pairs, labels, weights[1])
    stress, true_stress = _stress_rows(pairs, frames, labels, weights[2])
    others = len(true_forces) + len(true_stress)
    return Rows(
        on_energy=vstack([on_energy, csr_array((others, len(frames)))], format="csr"),
        on_gradient=vstack([csr_array((len(frames), forces.shape[1])), forces, stress], format="csr"),
        target=np.concatenate([scale * energy, true_forces, true_stress]),
        free=free,
    )


def per_atom_constants(
    frames: Sequence[Atoms], left: np.ndarray, elements: Sequence[str]
) -> dict[str, float]:
    """Energies per atom of each element that explain what is `left` best: one for all, then each its own."""
    sizes = np.array([len(a) for a in frames], dtype=float)
    common = np.mean(left / sizes)
    own = np.linalg.lstsq(_shares(frames, elements), left / sizes - common, rcond=1e-8)[0]
    return dict(zip(elements, (common + own).tolist(), strict=True))


@dataclass(frozen=True)
class Pairs:
    """Source and target of p pairs (p,), the frame of each atom (n,), and the pairs' vectors (p, 3), Å."""

    source: np.ndarray
    target: np.ndarray
    frame: np.ndarray
    vectors: np.ndarray


def _shares(frames: Sequence[Atoms], elements: Sequence[str]) -> np.ndarray:
    """The share of each element in each frame, (n_frames, n_elements)."""
    numbers = Atoms(list(elements)).numbers
    return np.array([(a.numbers[:, None] == numbers).mean(axis=0) for a in frames])


def _column_space(matrix: np.ndarray) -> np.ndarray:
    left, singular, _ = np.linalg.svd(matrix, full_matrices=False)
    return left[:, singular > 1e-8 * singular[0]]


Block = tuple[csr_array, np.ndarray]


def _force_rows(pairs: Pairs, labels: Labels, weight: float) -> Block:
    """F_i = Σ_j g_ij − g_ji with g = ∂E/∂v, v from i to j; rows of frames without forces are left out."""
    sizes = np.bincount(pairs.frame, minlength=len(labels))
    forces = labels.forces or (None,) * len(labels)
    has = np.repeat([f is not None for f in forces], sizes)
    true = np.concatenate([f.ravel() for f in forces if f is not None] or [np.zeros(0)])
    scale = _scale(true, weight)
    first = 3 * (np.cumsum(has) - 1)
    chosen = np.flatnonzero(has[pairs.source])
    axes = np.arange(3)
    rows = [(first[atom[chosen], None] + axes).ravel() for atom in (pairs.source, pairs.target)]
    columns = (3 * chosen[:, None] + axes).ravel()
    entries = np.repeat([scale, -scale], len(columns))
    matrix = coo_array(
        (entries, (np.concatenate(rows), np.tile(columns, 2))), (len(true), 3 * len(pairs.source))
    )
    return matrix.tocsr(), scale * true


def _stress_rows(pairs: Pairs, frames: Sequence[Atoms], labels: Labels, weight: float) -> Block:
    """σ_ab = Σ (v_a g_b + v_b g_a) / 2V; rows of frames without stress are left out."""
    stress = labels.stress or (None,) * len(frames)
    has = np.array([s is not None and a.pbc.all() for a, s in zip(frames, stress, strict=True)])
    true = np.concatenate([stress[i] for i in np.flatnonzero(has)] or [np.zeros(0)])
    scale = _scale(true, weight)
    volume = np.array([a.get_volume() if h else np.inf for a, h in zip(frames, has, strict=True)])
    first = 6 * (np.cumsum(has) - 1)
    frame = pairs.frame[pairs.source]
    chosen = np.flatnonzero(has[frame])
    factor = scale / (2 * volume[frame[chosen]])
    rows, columns, entries = [], [], []
    for k, (a, b) in enumerate(VOIGT):
        for one, other in ((a, b), (b, a)):
            rows.append(first[frame[chosen]] + k)
            columns.append(3 * chosen + other)
            entries.append(factor * pairs.vectors[chosen, one])
    where = (np.concatenate(rows), np.concatenate(columns))
    matrix = coo_array((np.concatenate(entries), where), (len(true), 3 * len(pairs.source)))
    return matrix.tocsr(), scale * true


def _scale(values: np.ndarray, weight: float) -> float:
    """√(weight/n)/σ; 0 where there is nothing to fit."""
    spread = np.sqrt(np.mean(values**2)) if len(values) else 0.0
    return float(np.sqrt(weight / len(values)) / spread) if spread > 1e-10 else 0.0
