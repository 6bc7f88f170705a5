"""The Stillinger–Weber parameters as one vector θ, and how well it explains the labels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement, product

import numpy as np
import torch
from scipy.optimize import nnls

from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.classical.design_matrix import Rows, first_shell
from mlffbench.potentials.classical.least_squares import refine
from mlffbench.potentials.classical.stillinger_weber import Parameters, Places, energies

__all__ = ["Kinds", "Problem"]

SHAPES = ((1.6, 0.89, 1.07), (2.0, 2.5, 2.5), (2.4, 3.5, 3.5), (1.35, 0.6, 0.6))
"""Reach, σ and γσ of the first shell's distance to start from; the first is silicon's of 1985."""
COSINES = (-1 / 3, -0.6, 0.0)  # to start from
WEAKEST = 1e-4  # eV, of a strength that a start is given
AT_ONCE = 4e5  # pairs times parameters whose derivatives are in memory at once

BOUNDS = {  # eV at the smallest distance of the pair, Å
    "repulsion": (0.0, 500.0), "attraction": (1e-6, 500.0), "decay": (0.3, 12.0), "reach": (0.7, np.inf),
    "bend_decay": (0.3, 12.0), "stiffness": (0.0, 100.0), "cosine": (-1.0, 1.0),
}  # fmt: skip


class Kinds:
    """Pairs (a ≤ b) and triples (a; b ≤ c) of elements that occur: where θ's entries belong.

    θ holds per pair the strengths of repulsion and attraction at `near`, σ, reach and γσ; then per triple the
    stiffness at `near` and the cosine.
    """

    def __init__(self, pairs: Sequence[tuple[int, int]], near: np.ndarray, n_elements: int) -> None:
        known = {*pairs, *((b, a) for a, b in pairs)}
        self.n_elements, self.near = n_elements, torch.as_tensor(near)
        unordered = list(combinations_with_replacement(range(n_elements), 2))
        self.pairs = [pair for pair in unordered if pair in known]
        angles = product(range(n_elements), unordered)
        self.triples = [(a, b, c) for a, (b, c) in angles if {(a, b), (a, c)} <= known]

    @property
    def sizes(self) -> list[int]:
        """Entries of θ by field of `Parameters`."""
        return [len(self.pairs)] * 5 + [len(self.triples)] * 2

    @property
    def strengths(self) -> np.ndarray:
        """Which entries of θ the energy is linear in."""
        names = np.repeat(list(BOUNDS), self.sizes)
        return np.flatnonzero(np.isin(names, ["repulsion", "attraction", "stiffness"]))

    def bounds(self, cutoff: float) -> tuple[np.ndarray, np.ndarray]:
        low, high = (np.repeat([b[side] for b in BOUNDS.values()], self.sizes) for side in (0, 1))
        reach = slice(3 * len(self.pairs), 4 * len(self.pairs))
        low[reach] = np.minimum(low[reach] + self.near.numpy(), cutoff - 1e-3)
        high[reach] = cutoff
        return low, high

    def parameters(self, theta: torch.Tensor, powers: tuple[float, float]) -> Parameters:
        """θ's entries in their places, strengths at r = 0 or without decay instead of at `near`."""
        repulsion, attraction, decay, reach, bend_decay, stiffness, cosine = theta.split(self.sizes)
        repulsion, attraction = (
            x * self.near**power * torch.exp(decay / (reach - self.near))
            for x, power in zip((repulsion, attraction), powers, strict=True)
        )
        tables = [self._square(x) for x in (repulsion, attraction, decay, reach, bend_decay)]
        growth = self._square(torch.exp(bend_decay / (reach - self.near)))
        cubes = [self._cube(stiffness) * growth[:, :, None] * growth[:, None, :], self._cube(cosine)]
        return Parameters(*tables, *cubes)

    def _square(self, values: torch.Tensor) -> torch.Tensor:
        table = self._table(values, self.pairs, 2)
        return table + table.T - torch.diag(table.diagonal())

    def _cube(self, values: torch.Tensor) -> torch.Tensor:
        cube = self._table(values, self.triples, 3)
        return cube + cube.mT - torch.diag_embed(cube.diagonal(dim1=1, dim2=2))

    def _table(
        self, values: torch.Tensor, places: Sequence[tuple[int, ...]], dimensions: int
    ) -> torch.Tensor:
        shape = (self.n_elements,) * dimensions
        where = np.ravel_multi_index(np.array(places).reshape(-1, dimensions).T, shape)
        flat = values.new_zeros(self.n_elements**dimensions).index_add(0, torch.as_tensor(where), values)
        return flat.view(shape)


class Problem:
    """Residuals and their exact Jacobian by θ, forward over reverse mode."""

    def __init__(self, graph: Graph, rows: Rows, places: Places, powers: tuple[float, float]) -> None:
        self.rows, self.places, self.powers, self.vectors = rows, places, powers, graph.vectors
        r, k = self.vectors.norm(dim=1).numpy(), places.n_elements
        ends = np.sort([places.element[x].numpy() for x in (places.source, places.target)], axis=0)
        codes, kind = np.unique(ends[0] * k + ends[1], return_inverse=True)
        groups = [r[kind == i] for i in range(len(codes))]
        self.shell = np.array([first_shell(distances) for distances in groups])
        self.kinds = Kinds([divmod(c, k) for c in codes.tolist()], np.array([d.min() for d in groups]), k)

    def fit(self, cutoff: float, n_starts: int, max_iterations: int) -> Parameters:
        """The best of `n_starts` starts."""
        bounds = self.kinds.bounds(cutoff)
        starts = [self._start(shape, *bounds) for shape in SHAPES[:n_starts]]
        theta = refine(self.residual, self.jacobian, starts, bounds, max_iterations)
        return self.kinds.parameters(torch.as_tensor(theta), self.powers)

    def _start(self, shape: tuple[float, ...], low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """θ of a shape, of the cosine that fits best with its best non-negative strengths."""
        lengths = np.concatenate([share * self.shell for share in (shape[1], shape[0], shape[2])])
        n, t, linear = len(self.shell), len(self.kinds.triples), self.kinds.strengths
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
        return self.rows.residual(self.rows.on_energy @ energy + self.rows.on_gradient @ gradient.ravel())

    def jacobian(self, theta: np.ndarray, only: np.ndarray | None = None) -> np.ndarray:
        """∂residual/∂θ, (rows, len(θ)), or `only` some columns of it."""
        at, basis = torch.as_tensor(theta), torch.eye(len(theta), dtype=torch.float64)
        column = lambda t: torch.func.jvp(self._derivatives, (at,), (t,))[1]
        blocks = []
        for some in basis[slice(None) if only is None else only].split(self._columns_at_once()):
            energy, gradient = (x.flatten(1).numpy().T for x in torch.func.vmap(column)(some))
            blocks.append(self.rows.on_energy @ energy + self.rows.on_gradient @ gradient)
        return self.rows.centred(np.hstack(blocks))

    def _columns_at_once(self) -> int:
        return max(1, int(AT_ONCE / max(len(self.vectors), 1)))

    def _derivatives(self, theta: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies of frames and ∂E/∂(pair vector)."""
        parameters = self.kinds.parameters(theta, self.powers)

        def total(vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            energy = energies(parameters, self.powers, self.places, vectors)
            return energy.sum(), energy

        gradient, energy = torch.func.grad(total, has_aux=True)(self.vectors)
        return energy, gradient
