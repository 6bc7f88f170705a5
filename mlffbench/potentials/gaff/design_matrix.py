"""The force field as linear least squares in its coefficients, reduced once to a small triangle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from ase import Atoms
from scipy.sparse import coo_array, csr_array, diags_array

from mlffbench.data import VOIGT_FLAT, Labels
from mlffbench.potentials.gaff.energy_terms import Basis, Batch, Terms, images

__all__ = ["Layout", "Scales", "rows", "scales"]


@dataclass(frozen=True)
class Layout:
    """Which columns each kind of term has.

    Attributes
    ----------
    first : its first column
    width : columns per row of coefficients
    place : (n,) its rows in use, sorted: where a row stands
    size : all columns
    """

    first: Mapping[str, int]
    width: Mapping[str, int]
    place: Mapping[str, np.ndarray]
    size: int

    @classmethod
    def of(cls, used: Mapping[str, np.ndarray], forms: Mapping[str, Basis]) -> Layout:
        """For the rows in use, each kind's sorted and unique."""
        probe = torch.rand(1, 4, 3, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
        width = {kind: forms[kind](*probe).shape[1] for kind in used}
        first, size = {}, 0
        for kind, rows in used.items():
            first[kind], size = size, size + width[kind] * len(rows)
        return cls(first, width, used, size)

    def columns(self, kind: str, index: np.ndarray) -> np.ndarray:
        """Column of the first coefficient of each term, (t,)."""
        return self.first[kind] + self.width[kind] * np.searchsorted(self.place[kind], index)


@dataclass(frozen=True)
class Scales:
    """What a row of each label is multiplied by: √(weight/n)/σ."""

    energy: float
    forces: float
    stress: float


def scales(labels: Labels, sizes: np.ndarray, weights: tuple[float, float, float]) -> Scales:
    """The loss becomes Σ_q weight_q (RMSE_q/σ_q)², energies per atom."""
    per_atom = labels.energy / sizes
    known = [
        np.concatenate([np.ravel(v) for v in values or () if v is not None] or [np.zeros(0)])
        for values in (labels.forces, labels.stress)
    ]
    parts = zip((per_atom - per_atom.mean(), *known), weights, strict=True)
    return Scales(*(_scale(values, weight) for values, weight in parts))


def _scale(values: np.ndarray, weight: float) -> float:
    spread = np.sqrt(np.mean(values**2)) if len(values) else 0.0
    return float(np.sqrt(weight / len(values)) / spread) if spread > 1e-10 else 0.0


def rows(
    batch: Batch, forms: Mapping[str, Basis], layout: Layout, frames: list[Atoms], labels: Labels, by: Scales
) -> np.ndarray:
    """Weighted rows (design | target): energies per atom, force components, stresses; labelled ones only."""
    values, gradient, strain = _derivatives(batch, forms, layout)
    sizes = np.array([len(a) for a in frames], dtype=float)
    energy = diags_array(by.energy / sizes) @ values
    blocks = [_block(energy, by.energy * labels.energy / sizes)]
    has = [f is not None for f in labels.forces or (None,) * len(frames)]
    if by.forces and any(has):
        atoms = np.flatnonzero(np.repeat(has, 3 * sizes.astype(int)))
        true = np.concatenate([np.ravel(f) for f in labels.forces or () if f is not None])
        blocks.append(_block(-by.forces * gradient[atoms], by.forces * true))
    stresses = labels.stress or (None,) * len(frames)
    cells = [i for i, a in enumerate(frames) if stresses[i] is not None and a.pbc.all()]
    if by.stress and cells:
        volume = np.repeat([frames[i].get_volume() for i in cells], 6)
        picked = (6 * np.array(cells)[:, None] + np.arange(6)).ravel()
        true = np.concatenate([s for i in cells if (s := stresses[i]) is not None])
        blocks.append(_block(diags_array(by.stress / volume) @ strain[picked], by.stress * true))
    return np.vstack(blocks)


def _block(design: csr_array, target: np.ndarray) -> np.ndarray:
    return np.column_stack([design.toarray(), target])


def _derivatives(
    batch: Batch, forms: Mapping[str, Basis], layout: Layout
) -> tuple[csr_array, csr_array, csr_array]:
    """Of every column: its value (n_frames, p), ∂/∂r (3n, p) and ∂/∂ε in Voigt order (6 n_frames, p).

    Of states s with weights c_s and sums Φ_s: Σ c_s Φ_s, Σ c_s ∂Φ_s + Φ_s ∂c_s.
    """
    graph, n_states = batch.graph, len(batch.frame)
    sharing = batch.sharing
    x = images(graph, sharing.atoms, sharing.shifts).detach().requires_grad_()
    weights = sharing.weights(x)
    by_x = torch.autograd.grad(weights.sum(), x)[0] if weights.requires_grad else torch.zeros_like(x)
    share = weights.detach().numpy()
    value, slope, virial = _sum([_of_kind(batch, k, forms[k], layout, share) for k in batch.terms])
    state, frame = np.arange(n_states), batch.frame.numpy()
    to_frame = coo_array((np.ones(n_states), (frame, state)), shape=(graph.n_frames, n_states)).tocsr()
    spread = np.repeat(state, x[0, ..., 0].numel())
    at, by_at = (tensor.detach().reshape(-1, 3).numpy() for tensor in (x, by_x))
    atom, cell = 3 * sharing.atoms.reshape(-1).numpy(), 6 * frame[spread]
    slope = slope + _scatter(by_at, atom, spread, (slope.shape[0], n_states)) @ value
    virial = virial + _scatter(_voigt(at, by_at), cell, spread, (virial.shape[0], n_states)) @ value
    return (to_frame @ diags_array(share) @ value).tocsr(), slope.tocsr(), virial.tocsr()


def _of_kind(
    batch: Batch, kind: str, form: Basis, layout: Layout, share: np.ndarray
) -> tuple[csr_array, csr_array, csr_array]:
    """Φ (n_states, p), and c ∂Φ/∂r (3n, p), c ∂Φ/∂ε (6 n_frames, p) of one kind of term."""
    terms, graph = batch.terms[kind], batch.graph
    x = images(graph, terms.atoms, terms.shifts).detach().requires_grad_()
    phi = form(x, terms.rest) * terms.scale[:, None]
    state = terms.state.numpy()
    column = layout.columns(kind, terms.index.numpy())
    flat, m = x.detach().reshape(-1, 3).numpy(), terms.atoms.shape[1]
    weight = np.repeat(share[state], m)[:, None]
    atom, frame = 3 * terms.atoms.reshape(-1).numpy(), np.repeat(6 * batch.frame.numpy()[state], m)
    value, slope, virial = [], [], []
    n, p = len(graph.positions), layout.size
    for k in range(phi.shape[1]):
        at = column + k
        value.append(coo_array((phi[:, k].detach().numpy(), (state, at)), shape=(len(share), p)).tocsr())
        if phi.requires_grad:
            g = weight * _gradient(phi[:, k], x, terms).reshape(-1, 3).numpy()
            slope.append(_scatter(g, atom, np.repeat(at, m), (3 * n, p)))
            virial.append(_scatter(_voigt(flat, g), frame, np.repeat(at, m), (6 * graph.n_frames, p)))
    zeros = csr_array((3 * n, p)), csr_array((6 * graph.n_frames, p))
    return sum(value[1:], value[0]), sum(slope, zeros[0]), sum(virial, zeros[1])


def _gradient(phi: torch.Tensor, x: torch.Tensor, terms: Terms) -> torch.Tensor:
    found = torch.autograd.grad(phi.sum(), x, retain_graph=True, allow_unused=True)[0]
    return torch.zeros_like(x) if found is None else found


def _scatter(values: np.ndarray, row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> csr_array:
    """Each row of values (t, c) into rows row, row + 1, ... of one column."""
    c = values.shape[1]
    rows = (row[:, None] + np.arange(c)).ravel()
    return coo_array((values.ravel(), (rows, np.repeat(column, c))), shape=shape).tocsr()


def _voigt(x: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Symmetric part of x ⊗ gradient, (t, 6)."""
    outer = x[:, :, None] * gradient[:, None, :]
    return ((outer + outer.transpose(0, 2, 1)) / 2).reshape(-1, 9)[:, VOIGT_FLAT]


def _sum(parts: list[tuple[csr_array, csr_array, csr_array]]) -> tuple[csr_array, ...]:
    return tuple(sum(column[1:], column[0]) for column in zip(*parts, strict=True))
