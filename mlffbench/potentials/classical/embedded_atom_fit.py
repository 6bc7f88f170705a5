"""Least-squares fit of the embedded-atom coefficients, as one vector θ."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import coo_array, csr_array

from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.classical.design_matrix import DesignMatrix
from mlffbench.potentials.classical.embedded_atom import cube_knots, embedding, truncated_cubes
from mlffbench.potentials.classical.least_squares import Fit, multistart_least_squares

__all__ = ["Problem"]

RIDGE = 1e-5  # weight of θ itself, so that coefficients that no label depends on stay 0
DENSITY = 4.0  # eV², mean density of the start: √ρ is the energy that an atom gains
CURVATURE = 0.1  # 1/eV³, largest |b|


class Problem:
    """Residuals and Jacobian of θ: pair coefficients, densities [centre, neighbour], curvatures.

    Distances do not change during the fit, so that the cubes and all terms linear in θ are computed once.

    Parameters
    ----------
    graph : Graph, every pair in one direction
    design : DesignMatrix
    kinds : (p,) the unordered pair of elements of each pair, numbered from 0
    cutoff : float, Å
    n_pair, n_density : cubes of each pair function and of each density
    """

    def __init__(
        self,
        graph: Graph,
        design: DesignMatrix,
        kinds: np.ndarray,
        cutoff: float,
        n_pair: int,
        n_density: int,
    ) -> None:
        self.design, self.kinds, self.n_kinds = design, kinds, int(kinds.max()) + 1
        vectors = graph.vectors.numpy()
        r = np.linalg.norm(vectors, axis=1)
        self.on_derivative = design.on_distance_derivative(vectors / r[:, None])
        self.r_min = np.array([r[kinds == k].min() for k in range(self.n_kinds)])
        by_kind = [r[kinds == k] for k in range(self.n_kinds)]
        self.pair_knots = np.array([cube_knots(d, cutoff, n_pair) for d in by_kind])
        self.density_knots = np.array([cube_knots(d, cutoff, n_density) for d in by_kind])
        self.ends = np.array([graph.source.numpy(), graph.target.numpy()])
        self._index_elements(graph)
        self._set_pair_rows(graph, _cubes(r, self.pair_knots[kinds]))
        self._set_densities(_cubes(r, self.density_knots[kinds]))

    def _index_elements(self, graph: Graph) -> None:
        """Set the index of each atom's element, and of each pair's [centre, neighbour] from either end."""
        numbers, self.element = np.unique(graph.numbers.numpy(), return_inverse=True)
        self.n_elements = len(numbers)
        ends = self.element[self.ends]
        codes = ends * self.n_elements + ends[::-1]
        self.directed, directions = np.unique(codes, return_inverse=True)
        self.direction = directions.reshape(2, -1)

    def _set_pair_rows(self, graph: Graph, cubes: list[np.ndarray]) -> None:
        """Set the columns of the design matrix of the pair coefficients."""
        frame = graph.frame.numpy()
        self.sum_frames = _group_sums(frame, graph.n_frames)
        sum_pairs = _group_sums(frame[self.ends[0]], graph.n_frames)
        value, derivative = (_columns_by_kind(x, self.kinds, self.n_kinds) for x in cubes)
        rows = self.design.on_energy @ (sum_pairs @ value) + self.on_derivative @ derivative
        self.pair_rows = rows.toarray()

    def _set_densities(self, cubes: list[np.ndarray]) -> None:
        """Set the matrices of ρ = rho d and ∂ρ_end/∂r = rho_derivatives[end] d."""
        n = len(self.directed)
        values = [_columns_by_kind(cubes[0], x, n) for x in self.direction]
        sums = [_group_sums(end, len(self.element)) for end in self.ends]
        self.rho = (sums[0] @ values[0] + sums[1] @ values[1]).toarray()
        self.rho_derivatives = [_columns_by_kind(cubes[1], x, n) for x in self.direction]

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Numbers of pair coefficients, densities and curvatures."""
        return self.pair_rows.shape[1], self.rho.shape[1], self.n_elements

    def split(self, theta: np.ndarray) -> list[np.ndarray]:
        """Pair coefficients (n_kinds, k), densities (n_directed, l), curvatures (n_elements,)."""
        c, d, b = np.split(theta, np.cumsum(self.sizes)[:2])
        return [c.reshape(self.n_kinds, -1), d.reshape(len(self.directed), -1), b]

    def fit(self, n_starts: int, max_iterations: int) -> Fit:
        """Fit θ from `n_starts` starts; the best fit."""
        c, d, b = self.sizes
        low = np.concatenate([np.full(c, -np.inf), np.zeros(d), np.full(b, -CURVATURE)])
        high = np.concatenate([np.full(c + d, np.inf), np.full(b, CURVATURE)])
        starts = sorted((self._start(k) for k in range(d // len(self.directed))), key=lambda s: s[0])
        best = [theta for _, theta in starts[:n_starts]]
        return multistart_least_squares(self.residual, self.jacobian, best, (low, high), max_iterations)

    def _start(self, knot: int) -> tuple[float, np.ndarray]:
        """Loss and θ of a start: all densities in one cube, pair coefficients by linear least squares."""
        c, d, b = self.sizes
        per_kind = d // len(self.directed)
        density = np.full((len(self.directed), per_kind), 1e-2)
        density[:, knot] = 1.0
        density *= DENSITY / max((self.rho @ density.ravel()).mean(), 1e-6)
        theta = np.concatenate([np.zeros(c), density.ravel(), np.zeros(b)])
        design = self.jacobian(theta)[:, :c]
        theta[:c] = np.linalg.lstsq(design, -self.residual(theta), rcond=None)[0]
        return float(np.sum(self.residual(theta) ** 2)), theta

    def residual(self, theta: np.ndarray) -> np.ndarray:
        """Weighted predicted − true, then the ridge, (rows + len(θ),)."""
        c, d, _ = np.split(theta, np.cumsum(self.sizes)[:2])
        _, (value, first, _) = self._embedded(theta)
        ends = zip(self.ends, self.rho_derivatives, strict=True)
        derivative = sum(first[end] * (rho_derivative @ d) for end, rho_derivative in ends)
        energy = self.sum_frames @ value
        predicted = self.pair_rows @ c + self.design.on_energy @ energy + self.on_derivative @ derivative
        return np.concatenate([self.design.residual(predicted), RIDGE * theta])

    def jacobian(self, theta: np.ndarray) -> np.ndarray:
        """∂residual/∂θ, (rows + len(θ), len(θ))."""
        _, d, _ = np.split(theta, np.cumsum(self.sizes)[:2])
        rho, (_, first, second) = self._embedded(theta)
        energy = self.sum_frames @ np.hstack([first[:, None] * self.rho, self._by_element(rho**2)])
        derivative = np.zeros((len(self.kinds), sum(self.sizes[1:])))
        for end, rho_derivative in zip(self.ends, self.rho_derivatives, strict=True):
            drho_dr = (rho_derivative @ d)[:, None]
            derivative[:, : len(d)] += drho_dr * second[end, None] * self.rho[end]
            derivative[:, : len(d)] += (rho_derivative * first[end, None]).toarray()
            derivative[:, len(d) :] += drho_dr * self._by_element(2 * rho)[end]
        embedding_rows = self.design.on_energy @ energy + self.on_derivative @ derivative
        rows = np.hstack([self.pair_rows, embedding_rows])
        return np.vstack([self.design.project(rows), RIDGE * np.eye(len(theta))])

    def _embedded(self, theta: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Densities ρ, and F, F′ and F″, of each atom, (n,)."""
        _, d, b = np.split(theta, np.cumsum(self.sizes)[:2])
        rho = self.rho @ d
        terms = embedding(torch.as_tensor(rho), torch.as_tensor(b[self.element]))
        return rho, [x.numpy() for x in terms]

    def _by_element(self, values: np.ndarray) -> np.ndarray:
        """Matrix with each atom's value in the column of its element, (n, n_elements)."""
        return values[:, None] * (self.element[:, None] == np.arange(self.n_elements))


def _cubes(r: np.ndarray, knots: np.ndarray) -> list[np.ndarray]:
    """Values and derivatives of the truncated cubes of each pair, (p, k)."""
    return [x.numpy() for x in truncated_cubes(torch.as_tensor(r), torch.as_tensor(knots))]


def _group_sums(groups: np.ndarray, n: int) -> csr_array:
    """The matrix that sums items by group, (n, items)."""
    m = len(groups)
    return coo_array((np.ones(m), (groups, np.arange(m))), (n, m)).tocsr()


def _columns_by_kind(values: np.ndarray, kinds: np.ndarray, n_kinds: int) -> csr_array:
    """Matrix with each pair's k values in the columns of its kind, ordered by kind, then value."""
    p, k = values.shape
    columns = (kinds[:, None] * k + np.arange(k)).ravel()
    coordinates = (np.repeat(np.arange(p), k), columns)
    return coo_array((values.ravel(), coordinates), shape=(p, k * n_kinds)).tocsr()
