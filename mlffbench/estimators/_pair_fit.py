"""A pair potential's fit as least squares: residuals are linear in u(r) and u′(r), whatever u is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from scipy.sparse import coo_array, csr_array, vstack

from mlffbench.data import Labels
from mlffbench.graph import build

__all__ = ["PairProblem", "pair_problem"]

VOIGT = [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]


@dataclass(frozen=True)
class PairProblem:
    """p directed pairs, and how their u and u′ add up to what the labels say.

    Attributes
    ----------
    distances : (p,) Å
    kinds : (p,) int, index of the unordered element pair
    on_value, on_slope : (rows, p) sparse: residual = on_value u + on_slope u′ − target
    target : (rows,) energies per atom, then force components, then stress components, each weighted
    n_energies : the first rows, of which the mean is taken off: a constant energy per atom is free
    """

    distances: np.ndarray
    kinds: np.ndarray
    on_value: csr_array
    on_slope: csr_array
    target: np.ndarray
    n_energies: int

    def residual(self, value: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Weighted predicted − true, (rows,)."""
        return self._centred(self.on_value @ value + self.on_slope @ slope - self.target)

    def jacobian(self, value: np.ndarray, slope: np.ndarray, n_kinds: int) -> np.ndarray:
        """From ∂u, ∂u′ (p, k), derivatives by the pair's own parameters, to (rows, k · n_kinds)."""
        wide = [_spread(d, self.kinds, n_kinds) for d in (value, slope)]
        return self._centred((self.on_value @ wide[0] + self.on_slope @ wide[1]).toarray())

    def _centred(self, rows: np.ndarray) -> np.ndarray:
        rows[: self.n_energies] -= rows[: self.n_energies].mean(axis=0)
        return rows


def _spread(derivatives: np.ndarray, kinds: np.ndarray, n_kinds: int) -> csr_array:
    """Each pair's k derivatives in the columns of its kind; columns go parameter by parameter."""
    p, k = derivatives.shape
    rows, columns = np.repeat(np.arange(p), k), (kinds[:, None] + n_kinds * np.arange(k)).ravel()
    return coo_array((derivatives.ravel(), (rows, columns)), shape=(p, k * n_kinds)).tocsr()


def pair_problem(
    frames: Sequence[Atoms], labels: Labels, cutoff: float, weights: Sequence[float]
) -> tuple[PairProblem, list[tuple[str, str]]]:
    """The problem, and the element pairs that occur within the cutoff, in the order of `kinds`.

    Each block of rows is divided by the spread of its labels and the root of its length, so that the sum of
    squares is Σ_q weight_q (RMSE_q/σ_q)², whatever the units and however many components there are.
    """
    graph = build(frames, cutoff)
    source, target, atom_frame = (x.numpy() for x in (graph.source, graph.target, graph.frame))
    vectors = graph.vectors.numpy()
    distances = np.linalg.norm(vectors, axis=1)
    kinds, names = _kinds(graph.numbers.numpy()[source], graph.numbers.numpy()[target])
    energy = _energy_rows(frames, labels, atom_frame[source], weights[0])
    forces = _force_rows(frames, labels, source, vectors / distances[:, None], weights[1])
    stress = _stress_rows(frames, labels, atom_frame[source], vectors, distances, weights[2])
    nothing = [csr_array(m.shape) for m, _ in (energy, forces, stress)]
    problem = PairProblem(
        distances,
        kinds,
        on_value=vstack([energy[0], *nothing[1:]], format="csr"),
        on_slope=vstack([nothing[0], forces[0], stress[0]], format="csr"),
        target=np.concatenate([energy[1], forces[1], stress[1]]),
        n_energies=len(frames),
    )
    return problem, names


def _kinds(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Index of each pair's unordered element pair, and the pairs that occur."""
    numbers = np.column_stack([np.minimum(first, second), np.maximum(first, second)])
    found, kinds = np.unique(numbers, axis=0, return_inverse=True)
    return kinds.reshape(-1), [(chemical_symbols[a], chemical_symbols[b]) for a, b in found.tolist()]


Rows = tuple[csr_array, np.ndarray]


def _energy_rows(frames: Sequence[Atoms], labels: Labels, pair_frame: np.ndarray, weight: float) -> Rows:
    """E/n = ½ Σ u / n + constant."""
    sizes = np.array([len(a) for a in frames], dtype=float)
    true = labels.energy / sizes
    scale = _scale(true - true.mean(), weight)
    entries = scale * 0.5 / sizes[pair_frame]
    matrix = coo_array(
        (entries, (pair_frame, np.arange(len(pair_frame)))), shape=(len(frames), len(pair_frame))
    )
    return matrix.tocsr(), scale * true


def _force_rows(
    frames: Sequence[Atoms], labels: Labels, source: np.ndarray, direction: np.ndarray, weight: float
) -> Rows:
    """F_i = Σ_j u′(r_ij) r̂_ij, r̂ from i to j; rows of frames without forces are left out."""
    forces = labels.forces or (None,) * len(frames)
    has = np.concatenate([np.full(len(a), f is not None) for a, f in zip(frames, forces, strict=True)])
    true = np.concatenate([f.ravel() for f in forces if f is not None] or [np.zeros(0)])
    scale = _scale(true, weight)
    row = 3 * (np.cumsum(has) - 1)
    pairs = np.flatnonzero(has[source])
    rows = (row[source[pairs], None] + np.arange(3)).ravel()
    entries = scale * direction[pairs].ravel()
    matrix = coo_array((entries, (rows, np.repeat(pairs, 3))), shape=(len(true), len(source)))
    return matrix.tocsr(), scale * true


def _stress_rows(
    frames: Sequence[Atoms],
    labels: Labels,
    pair_frame: np.ndarray,
    vectors: np.ndarray,
    distances: np.ndarray,
    weight: float,
) -> Rows:
    """σ_ab = Σ u′(r) r_a r_b / (2 r V); rows of frames without stress are left out."""
    stress = labels.stress or (None,) * len(frames)
    has = np.array([s is not None and a.pbc.all() for a, s in zip(frames, stress, strict=True)])
    true = np.concatenate([stress[i] for i in np.flatnonzero(has)] or [np.zeros(0)])
    scale = _scale(true, weight)
    volume = np.array([a.get_volume() if h else np.inf for a, h in zip(frames, has, strict=True)])
    row = 6 * (np.cumsum(has) - 1)
    pairs = np.flatnonzero(has[pair_frame])
    products = np.column_stack([vectors[pairs, a] * vectors[pairs, b] for a, b in VOIGT])
    entries = scale * products / (2 * distances[pairs] * volume[pair_frame[pairs]])[:, None]
    rows = (row[pair_frame[pairs], None] + np.arange(6)).ravel()
    matrix = coo_array((entries.ravel(), (rows, np.repeat(pairs, 6))), shape=(len(true), len(distances)))
    return matrix.tocsr(), scale * true


def _scale(values: np.ndarray, weight: float) -> float:
    """√(weight/n)/σ; 0 where there is nothing to fit."""
    spread = np.sqrt(np.mean(values**2)) if len(values) else 0.0
    return float(np.sqrt(weight / len(values)) / spread) if spread > 1e-10 else 0.0
