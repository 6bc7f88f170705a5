"""Least-squares fit of the Stillinger–Weber parameters, as one vector θ."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement, product

import numpy as np
import torch
from scipy.optimize import nnls

from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.classical.design_matrix import DesignMatrix, first_shell
from mlffbench.potentials.classical.least_squares import Fit, multistart_least_squares
from mlffbench.potentials.classical.stillinger_weber import GraphIndices, Parameters, energies

__all__ = ["Layout", "Problem"]

SHAPES = ((1.6, 0.89, 1.07), (2.0, 2.5, 2.5), (2.4, 3.5, 3.5), (1.35, 0.6, 0.6))
"""Reach, σ and γσ of the starts in units of the first shell's distance; the first is silicon's of 1985."""
COSINES = (-1 / 3, -0.6, 0.0)  # cos θ₀ of the starts
WEAKEST = 1e-4  # eV, smallest strength of a start
MOST_DERIVATIVES = 4e5  # pairs times parameters whose derivatives are in memory together

BOUNDS = {  # strengths in eV at the smallest distance of the pair, lengths in Å
    "repulsion": (0.0, 500.0), "attraction": (1e-6, 500.0), "decay": (0.3, 12.0), "reach": (0.7, np.inf),
    "bend_decay": (0.3, 12.0), "stiffness": (0.0, 100.0), "cosine": (-1.0, 1.0),
}  # fmt: skip


class Layout:
    """Layout of θ: entries of the pairs (a ≤ b) and triples (a; b ≤ c) of elements that occur.

    θ holds for every pair the strengths of repulsion and attraction at r_min, σ, reach and γσ; then for every
    triple the stiffness at r_min and the cosine. r_min (n_pairs,) is the smallest distance in training, Å.
    """

    def __init__(self, pairs: Sequence[tuple[int, int]], r_min: np.ndarray, n_elements: int) -> None:
        known = {*pairs, *((b, a) for a, b in pairs)}
        self.n_elements, self.r_min = n_elements, torch.as_tensor(r_min)
        unordered = list(combinations_with_replacement(range(n_elements), 2))
        self.pairs = [pair for pair in unordered if pair in known]
        angles = product(range(n_elements), unordered)
        self.triples = [(a, b, c) for a, (b, c) in angles if {(a, b), (a, c)} <= known]

    @property
    def sizes(self) -> list[int]:
        """Number of entries of θ of each field of `Parameters`."""
        return [len(self.pairs)] * 5 + [len(self.triples)] * 2

    @property
    def strengths(self) -> np.ndarray:
        """Indices of the entries of θ in which the energy is linear."""
        names = np.repeat(list(BOUNDS), self.sizes)
        return np.flatnonzero(np.isin(names, ["repulsion", "attraction", "stiffness"]))

    def bounds(self, cutoff: float) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bounds of θ."""
        low, high = (np.repeat([b[side] for b in BOUNDS.values()], self.sizes) for side in (0, 1))
        reach = slice(3 * len(self.pairs), 4 * len(self.pairs))
        low[reach] = np.minimum(low[reach] + self.r_min.numpy(), cutoff - 1e-3)
        high[reach] = cutoff
        return low, high

    def parameters(self, theta: torch.Tensor, powers: tuple[float, float]) -> Parameters:
        """Tables of θ; the strengths at r_min become prefactors R, T and K."""
        repulsion, attraction, decay, reach, bend_decay, stiffness, cosine = theta.split(self.sizes)
        repulsion, attraction = (
            x * self.r_min**power * torch.exp(decay / (reach - self.r_min))
            for x, power in zip((repulsion, attraction), powers, strict=True)
        )
        pair_tables = [self._pair_table(x) for x in (repulsion, attraction, decay, reach, bend_decay)]
        growth = self._pair_table(torch.exp(bend_decay / (reach - self.r_min)))
        prefactors = self._triple_table(stiffness) * growth[:, :, None] * growth[:, None, :]
        triple_tables = [prefactors, self._triple_table(cosine)]
        return Parameters(*pair_tables, *triple_tables)

    def _pair_table(self, values: torch.Tensor) -> torch.Tensor:
        """Symmetric (k, k) table of values of the pairs."""
        table = self._table(values, self.pairs, 2)
        return table + table.T - torch.diag(table.diagonal())

    def _triple_table(self, values: torch.Tensor) -> torch.Tensor:
        """Table (k, k, k) of values of the triples, symmetric in the last two elements."""
        table = self._table(values, self.triples, 3)
        return table + table.mT - torch.diag_embed(table.diagonal(dim1=1, dim2=2))

    def _table(self, values: torch.Tensor, entries: Sequence[tuple[int, ...]], n_axes: int) -> torch.Tensor:
        """Table with `values` at `entries`, 0 elsewhere."""
        shape = (self.n_elements,) * n_axes
        flat_indices = np.ravel_multi_index(np.array(entries).reshape(-1, n_axes).T, shape)
        flat = values.new_zeros(self.n_elements**n_axes)
        return flat.index_add(0, torch.as_tensor(flat_indices), values).view(shape)


class Problem:
    """Residuals and exact Jacobian of θ, by forward over reverse mode.

    `graph` holds every pair in both directions; `powers` are the exponents p and q.
    """

    def __init__(
        self, graph: Graph, design: DesignMatrix, indices: GraphIndices, powers: tuple[float, float]
    ) -> None:
        self.design, self.indices, self.powers, self.vectors = design, indices, powers, graph.vectors
        r, k = self.vectors.norm(dim=1).numpy(), indices.n_elements
        ends = np.sort([indices.element[x].numpy() for x in (indices.source, indices.target)], axis=0)
        codes, kind = np.unique(ends[0] * k + ends[1], return_inverse=True)
        by_kind = [r[kind == i] for i in range(len(codes))]
        self.shell = np.array([first_shell(distances) for distances in by_kind])
        self.layout = Layout([divmod(c, k) for c in codes.tolist()], np.array([d.min() for d in by_kind]), k)

    def fit(self, cutoff: float, n_starts: int, max_iterations: int) -> Fit:
        """Fit from `n_starts` starts; the best fit."""
        bounds = self.layout.bounds(cutoff)
        starts = [self._start(shape, *bounds) for shape in SHAPES[:n_starts]]
        return multistart_least_squares(self.residual, self.jacobian, starts, bounds, max_iterations)

    def parameters(self, solution: Fit) -> Parameters:
        """Tables of a fit."""
        return self.layout.parameters(torch.as_tensor(solution.values), self.powers)

    def _start(self, shape: tuple[float, ...], low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """θ of a shape with its best cosine and strengths, by non-negative least squares for each cosine."""
        reach, decay, bend_decay = shape
        lengths = np.concatenate([factor * self.shell for factor in (decay, reach, bend_decay)])
        n, t, linear = len(self.shell), len(self.layout.triples), self.layout.strengths
        trials = []
        for cosine in COSINES:
            theta = np.concatenate([np.zeros(2 * n), lengths, np.zeros(t), np.full(t, cosine)])
            theta = np.clip(theta, low, high * (1 - 1e-6))
            theta[linear] = 0.0
            best, misfit = nnls(self.jacobian(theta, linear), -self.residual(theta))
            theta[linear] = np.maximum(best, WEAKEST)
            trials.append((misfit, theta))
        return min(trials, key=lambda trial: trial[0])[1]

    def residual(self, theta: np.ndarray) -> np.ndarray:
        """Weighted predicted − true, (rows,)."""
        energy, gradient = (x.numpy() for x in self._derivatives(torch.as_tensor(theta)))
        predicted = self.design.on_energy @ energy + self.design.on_gradient @ gradient.ravel()
        return self.design.residual(predicted)

    def jacobian(self, theta: np.ndarray, columns: np.ndarray | None = None) -> np.ndarray:
        """∂residual/∂θ, (rows, len(θ)), or some of its columns."""
        point, basis = torch.as_tensor(theta), torch.eye(len(theta), dtype=torch.float64)
        derivative = lambda direction: torch.func.jvp(self._derivatives, (point,), (direction,))[1]
        blocks = []
        for directions in basis[slice(None) if columns is None else columns].split(self._block_size()):
            energy, gradient = (x.flatten(1).numpy().T for x in torch.func.vmap(derivative)(directions))
            blocks.append(self.design.on_energy @ energy + self.design.on_gradient @ gradient)
        return self.design.project(np.hstack(blocks))

    def _block_size(self) -> int:
        """Columns of the Jacobian that are computed together."""
        return max(1, int(MOST_DERIVATIVES / max(len(self.vectors), 1)))

    def _derivatives(self, theta: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies of frames (n_frames,) and ∂E/∂(pair vector) (p, 3)."""
        parameters = self.layout.parameters(theta, self.powers)

        def total(vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            energy = energies(parameters, self.powers, self.indices, vectors)
            return energy.sum(), energy

        gradient, energy = torch.func.grad(total, has_aux=True)(self.vectors)
        return energy, gradient
