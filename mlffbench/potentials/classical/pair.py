"""Pair terms: the quintic cutoff switch, the rows of a pair potential and their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.optimize import nnls
from scipy.sparse import coo_array, csr_array

from mlffbench.descriptors.graph import Graph
from mlffbench.descriptors.quintic import switched_off
from mlffbench.potentials.classical.design_matrix import Rows, first_shell

__all__ = ["WEAKEST", "Form", "PairProblem", "pair_terms"]

WEAKEST = 1e-4  # eV, of a start's strengths: from zero a shape cannot be learned

Form = Callable[..., torch.Tensor]


class PairProblem:
    """Rows linear in u(r) and u′(r) of p pairs, of `n_kinds` kinds: whatever u is."""

    def __init__(self, graph: Graph, rows: Rows, kinds: np.ndarray, n_kinds: int) -> None:
        vectors = graph.vectors.numpy()
        self.distances = np.linalg.norm(vectors, axis=1)
        self.kinds, self.n_kinds, self.rows = kinds, n_kinds, rows
        self.on_slope = rows.along(vectors / self.distances[:, None])
        frame = graph.frame[graph.source].numpy()
        p = len(frame)
        members = coo_array((np.ones(p), (frame, np.arange(p))), (graph.n_frames, p))
        self.on_value = (rows.on_energy @ members.tocsr()).tocsr()

    def residual(self, value: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Weighted predicted − true, (rows,)."""
        return self.rows.residual(self.on_value @ value + self.on_slope @ slope)

    def jacobian(self, value: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """From ∂u, ∂u′ (p, k), derivatives by the pair's own parameters, to (rows, k · n_kinds)."""
        wide = [self._spread(d) for d in (value, slope)]
        return self.rows.centred((self.on_value @ wide[0] + self.on_slope @ wide[1]).toarray())

    def _spread(self, derivatives: np.ndarray) -> csr_array:
        """Each pair's k derivatives in the columns of its kind; columns go parameter by parameter."""
        p, k = derivatives.shape
        columns = (self.kinds[:, None] + self.n_kinds * np.arange(k)).ravel()
        where = (np.repeat(np.arange(p), k), columns)
        return coo_array((derivatives.ravel(), where), shape=(p, k * self.n_kinds)).tocsr()

    def strengthened(
        self, shape: np.ndarray, strengths: int, terms: Callable[..., Any]
    ) -> tuple[float, np.ndarray]:
        """The misfit with the best non-negative strengths for a shape, and both as θ (k, n_kinds)."""
        theta = np.vstack([np.ones((strengths, self.n_kinds)), shape])
        by_value, by_slope = terms(theta)[2:]
        design = self.jacobian(by_value[:, :strengths], by_slope[:, :strengths])
        zero = np.zeros(len(self.distances))
        best, misfit = nnls(design, -self.residual(zero, zero))
        theta[:strengths] = np.maximum(best, WEAKEST).reshape(strengths, -1)
        return misfit, theta

    def nearest(self) -> np.ndarray:
        """The smallest distance of each kind, (n_kinds,)."""
        return np.array([self.distances[self.kinds == k].min() for k in range(self.n_kinds)])

    def first_shells(self) -> np.ndarray:
        """Where each kind is densest, a distance counted by 1/r² as a radial distribution does."""
        return np.array([first_shell(self.distances[self.kinds == k]) for k in range(self.n_kinds)])


def pair_terms(
    form: Form,
    natural: Callable[..., tuple[torch.Tensor, ...]],
    theta: np.ndarray,
    near: torch.Tensor,
    distances: np.ndarray,
    kinds: np.ndarray,
    cutoff: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """u, u′ (p,) and their derivatives by θ (p, k): exact, as pairs do not know of each other."""
    r = torch.as_tensor(distances).clone().requires_grad_()
    own = [torch.as_tensor(row[kinds]).requires_grad_() for row in theta]
    u = form(r, *natural(near[kinds], *own)) * switched_off(r / cutoff)
    (slope,) = torch.autograd.grad(u.sum(), r, create_graph=True)
    by = [torch.autograd.grad(x.sum(), own, retain_graph=True, materialize_grads=True) for x in (u, slope)]
    by_value, by_slope = (torch.stack(b, dim=1).numpy() for b in by)
    return u.detach().numpy(), slope.detach().numpy(), by_value, by_slope
