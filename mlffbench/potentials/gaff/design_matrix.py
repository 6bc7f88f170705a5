"""Weighted design matrix of the fit: energies, forces and stresses are linear in the coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from ase import Atoms
from scipy.sparse import coo_array, csr_array, diags_array

from mlffbench.data import VOIGT_FLAT, Labels
from mlffbench.potentials.gaff.energy_terms import Basis, Batch, images

__all__ = ["Layout", "Scales", "scales", "weighted_rows"]


@dataclass(frozen=True)
class Layout:
    """Columns of the design matrix by kind of term.

    Attributes
    ----------
    first : the kind's first column
    width : its columns per row of the parameter table
    used : (n,) its rows of the parameter table that training uses, sorted
    size : number of all columns
    """

    first: Mapping[str, int]
    width: Mapping[str, int]
    used: Mapping[str, np.ndarray]
    size: int

    @classmethod
    def of(cls, used: Mapping[str, np.ndarray], forms: Mapping[str, Basis]) -> Layout:
        """Layout for the rows in `used`, sorted and unique for each kind."""
        probe = torch.rand(1, 4, 3, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
        width = {kind: forms[kind](*probe).shape[1] for kind in used}
        first, size = {}, 0
        for kind, rows in used.items():
            first[kind], size = size, size + width[kind] * len(rows)
        return cls(first, width, used, size)

    def columns(self, kind: str, index: np.ndarray) -> np.ndarray:
        """Column of the first coefficient of each term, (t,)."""
        return self.first[kind] + self.width[kind] * np.searchsorted(self.used[kind], index)


@dataclass(frozen=True)
class Scales:
    """Factors √(weight/n)/σ of the rows of each label."""

    energy: float
    forces: float
    stress: float


def scales(labels: Labels, sizes: np.ndarray, weights: tuple[float, float, float]) -> Scales:
    """Factors with which the sum of squares is Σ_q weight_q (RMSE_q/σ_q)², energies per atom."""
    per_atom = labels.energy / sizes
    known = [
        np.concatenate([np.ravel(v) for v in values or () if v is not None] or [np.zeros(0)])
        for values in (labels.forces, labels.stress)
    ]
    parts = zip((per_atom - per_atom.mean(), *known), weights, strict=True)
    return Scales(*(_scale(values, weight) for values, weight in parts))


def _scale(values: np.ndarray, weight: float) -> float:
    """√(weight/n)/σ; 0 for labels that are missing or all zero."""
    spread = np.sqrt(np.mean(values**2)) if len(values) else 0.0
    return float(np.sqrt(weight / len(values)) / spread) if spread > 1e-10 else 0.0


def weighted_rows(
    batch: Batch,
    forms: Mapping[str, Basis],
    layout: Layout,
    frames: list[Atoms],
    labels: Labels,
    factors: Scales,
) -> np.ndarray:
    """Weighted rows (design | target) of the labelled energies per atom, force components and stresses."""
    values, gradient, strain = _derivatives(batch, forms, layout)
    sizes = np.array([len(a) for a in frames], dtype=float)
    energy = diags_array(factors.energy / sizes) @ values
    blocks = [_block(energy, factors.energy * labels.energy / sizes)]
    has = [f is not None for f in labels.forces or (None,) * len(frames)]
    if factors.forces and any(has):
        atoms = np.flatnonzero(np.repeat(has, 3 * sizes.astype(int)))
        true = np.concatenate([np.ravel(f) for f in labels.forces or () if f is not None])
        blocks.append(_block(-factors.forces * gradient[atoms], factors.forces * true))
    stresses = labels.stress or (None,) * len(frames)
    cells = [i for i, a in enumerate(frames) if stresses[i] is not None and a.pbc.all()]
    if factors.stress and cells:
        volume = np.repeat([frames[i].get_volume() for i in cells], 6)
        components = (6 * np.array(cells)[:, None] + np.arange(6)).ravel()
        true = np.concatenate([s for i in cells if (s := stresses[i]) is not None])
        blocks.append(
            _block(diags_array(factors.stress / volume) @ strain[components], factors.stress * true)
        )
    return np.vstack(blocks)


def _block(design: csr_array, target: np.ndarray) -> np.ndarray:
    """Rows (design | target), dense."""
    return np.column_stack([design.toarray(), target])


def _derivatives(
    batch: Batch, forms: Mapping[str, Basis], layout: Layout
) -> tuple[csr_array, csr_array, csr_array]:
    """Values (n_frames, p), ∂/∂r (3n, p) and ∂/∂ε in Voigt order (6 n_frames, p) of all columns.

    With weights c_s and sums Φ_s of the bonding states s: Σ c_s Φ_s, Σ c_s ∂Φ_s + Φ_s ∂c_s.
    """
    graph, n_states, shared = batch.graph, len(batch.frame), batch.shared
    x = images(graph, shared.atoms, shared.shifts).detach().requires_grad_()
    weights = shared.weights(x)
    dc_dx = torch.autograd.grad(weights.sum(), x)[0] if weights.requires_grad else torch.zeros_like(x)
    share = weights.detach().numpy()
    value, gradient, virial = _sum([_of_kind(batch, k, forms[k], layout, share) for k in batch.terms])
    state, frame = np.arange(n_states), batch.frame.numpy()
    to_frame = coo_array((np.ones(n_states), (frame, state)), shape=(graph.n_frames, n_states)).tocsr()
    states = np.repeat(state, x[0, ..., 0].numel())
    position, dc_dr = (tensor.detach().reshape(-1, 3).numpy() for tensor in (x, dc_dx))
    atom, cell = 3 * shared.atoms.reshape(-1).numpy(), 6 * frame[states]
    gradient = gradient + _scatter(dc_dr, atom, states, (gradient.shape[0], n_states)) @ value
    virial = virial + _scatter(_voigt(position, dc_dr), cell, states, (virial.shape[0], n_states)) @ value
    return (to_frame @ diags_array(share) @ value).tocsr(), gradient.tocsr(), virial.tocsr()


def _of_kind(
    batch: Batch, kind: str, form: Basis, layout: Layout, share: np.ndarray
) -> tuple[csr_array, csr_array, csr_array]:
    """Φ (n_states, p), and c ∂Φ/∂r (3n, p), c ∂Φ/∂ε (6 n_frames, p) of one kind of term."""
    terms, graph = batch.terms[kind], batch.graph
    x = images(graph, terms.atoms, terms.shifts).detach().requires_grad_()
    phi = form(x, terms.equilibrium) * terms.scale[:, None]
    state = terms.state.numpy()
    first = layout.columns(kind, terms.index.numpy())
    position, m = x.detach().reshape(-1, 3).numpy(), terms.atoms.shape[1]
    weight = np.repeat(share[state], m)[:, None]
    atom, frame = 3 * terms.atoms.reshape(-1).numpy(), np.repeat(6 * batch.frame.numpy()[state], m)
    value, gradient, virial = [], [], []
    n, p = len(graph.positions), layout.size
    for k in range(phi.shape[1]):
        column = first + k
        entries = (phi[:, k].detach().numpy(), (state, column))
        value.append(coo_array(entries, shape=(len(share), p)).tocsr())
        if phi.requires_grad:
            g = weight * _gradient(phi[:, k], x).reshape(-1, 3).numpy()
            columns = np.repeat(column, m)
            gradient.append(_scatter(g, atom, columns, (3 * n, p)))
            virial.append(_scatter(_voigt(position, g), frame, columns, (6 * graph.n_frames, p)))
    zeros = csr_array((3 * n, p)), csr_array((6 * graph.n_frames, p))
    return sum(value[1:], value[0]), sum(gradient, zeros[0]), sum(virial, zeros[1])


def _gradient(phi: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """∂φ/∂x of each term, zero for a constant."""
    gradient = torch.autograd.grad(phi.sum(), x, retain_graph=True, allow_unused=True)[0]
    return torch.zeros_like(x) if gradient is None else gradient


def _scatter(values: np.ndarray, row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> csr_array:
    """Sparse matrix with the c values of each row of (t, c) at rows row, row + 1, ... of its column."""
    c = values.shape[1]
    rows = (row[:, None] + np.arange(c)).ravel()
    return coo_array((values.ravel(), (rows, np.repeat(column, c))), shape=shape).tocsr()


def _voigt(x: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Symmetric part of x ⊗ gradient in Voigt order, (t, 6)."""
    outer = x[:, :, None] * gradient[:, None, :]
    return ((outer + outer.transpose(0, 2, 1)) / 2).reshape(-1, 9)[:, VOIGT_FLAT]


def _sum(parts: list[tuple[csr_array, csr_array, csr_array]]) -> tuple[csr_array, ...]:
    """Sums over the kinds of terms."""
    return tuple(sum(column[1:], column[0]) for column in zip(*parts, strict=True))
