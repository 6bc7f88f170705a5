"""Least-squares fit of a pair potential u(r): residuals, Jacobian, and exact derivatives of u."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.optimize import nnls
from scipy.sparse import coo_array, csr_array

from mlffbench.descriptors.graph import Graph
from mlffbench.descriptors.quintic import switched_off
from mlffbench.potentials.classical.design_matrix import DesignMatrix, first_shell

__all__ = ["WEAKEST", "Form", "PairProblem", "pair_terms"]

WEAKEST = 1e-4  # eV, of a start's strengths: at zero the loss does not depend on the shape

Form = Callable[..., torch.Tensor]  # r and parameters -> u(r)


class PairProblem:
    """Residuals and Jacobian of a pair potential, linear in u(r) and u′(r) of p pairs.

    Parameters
    ----------
    graph : Graph, every pair in one direction
    design : DesignMatrix
    kinds : (p,) the unordered pair of elements of each pair, numbered from 0 to `n_kinds` − 1
    """

    def __init__(self, graph: Graph, design: DesignMatrix, kinds: np.ndarray, n_kinds: int) -> None:
        vectors = graph.vectors.numpy()
        self.distances = np.linalg.norm(vectors, axis=1)
        self.kinds, self.n_kinds, self.design = kinds, n_kinds, design
        self.on_derivative = design.on_distance_derivative(vectors / self.distances[:, None])
        frame = graph.frame[graph.source].numpy()
        p = len(frame)
        sum_pairs = coo_array((np.ones(p), (frame, np.arange(p))), (graph.n_frames, p))
        self.on_value = (design.on_energy @ sum_pairs.tocsr()).tocsr()

    def residual(self, value: np.ndarray, derivative: np.ndarray) -> np.ndarray:
        """Weighted predicted − true, (rows,), from u and u′ of each pair (p,)."""
        return self.design.residual(self.on_value @ value + self.on_derivative @ derivative)

    def jacobian(self, value: np.ndarray, derivative: np.ndarray) -> np.ndarray:
        """∂residual/∂θ, (rows, k · n_kinds), from ∂u/∂θ and ∂u′/∂θ of each pair (p, k)."""
        value_columns, derivative_columns = (self._columns_by_kind(x) for x in (value, derivative))
        rows = self.on_value @ value_columns + self.on_derivative @ derivative_columns
        return self.design.project(rows.toarray())

    def _columns_by_kind(self, values: np.ndarray) -> csr_array:
        """Matrix with each pair's k values in the columns of its kind, ordered by value, then kind."""
        p, k = values.shape
        columns = (self.kinds[:, None] + self.n_kinds * np.arange(k)).ravel()
        coordinates = (np.repeat(np.arange(p), k), columns)
        return coo_array((values.ravel(), coordinates), shape=(p, k * self.n_kinds)).tocsr()

    def with_best_strengths(
        self, shape: np.ndarray, n_strengths: int, terms: Callable[..., Any]
    ) -> tuple[float, np.ndarray]:
        """Misfit and θ (k, n_kinds) of a shape with its best strengths, by non-negative least squares.

        `shape` are the last rows of θ; u is linear in the first `n_strengths`.
        """
        theta = np.vstack([np.ones((n_strengths, self.n_kinds)), shape])
        value, derivative = (x[:, :n_strengths] for x in terms(theta)[2:])
        zero = np.zeros(len(self.distances))
        best, misfit = nnls(self.jacobian(value, derivative), -self.residual(zero, zero))
        theta[:n_strengths] = np.maximum(best, WEAKEST).reshape(n_strengths, -1)
        return misfit, theta

    def smallest_distances(self) -> np.ndarray:
        """Smallest distance of each kind of pair, (n_kinds,) Å."""
        return np.array([self.distances[self.kinds == k].min() for k in range(self.n_kinds)])

    def first_shells(self) -> np.ndarray:
        """Distance of the first shell of each kind of pair, (n_kinds,) Å."""
        return np.array([first_shell(self.distances[self.kinds == k]) for k in range(self.n_kinds)])


def pair_terms(
    form: Form,
    physical: Callable[..., tuple[torch.Tensor, ...]],
    theta: np.ndarray,
    r_min: torch.Tensor,
    distances: np.ndarray,
    kinds: np.ndarray,
    cutoff: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """u and u′ of each pair (p,), and their exact derivatives by the parameters θ of its kind (p, k).

    Parameters
    ----------
    form : u(r) before the switch at the cutoff
    physical : turns r_min and θ into the parameters of `form`
    theta : (k, n_kinds)
    r_min : (n_kinds,) smallest distance in training, Å
    distances, kinds : (p,)
    """
    r = torch.as_tensor(distances).clone().requires_grad_()
    own = [torch.as_tensor(row[kinds]).requires_grad_() for row in theta]
    u = form(r, *physical(r_min[kinds], *own)) * switched_off(r / cutoff)
    (du,) = torch.autograd.grad(u.sum(), r, create_graph=True)
    jacobians = [
        torch.stack(torch.autograd.grad(x.sum(), own, retain_graph=True, materialize_grads=True), dim=1)
        for x in (u, du)
    ]
    return u.detach().numpy(), du.detach().numpy(), jacobians[0].numpy(), jacobians[1].numpy()
