"""The embedded-atom coefficients as one vector θ, and how well it explains the labels."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import coo_array, csr_array

from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.classical.design_matrix import Rows
from mlffbench.potentials.classical.embedded_atom import cubes, embedding, knots_of
from mlffbench.potentials.classical.least_squares import refine

__all__ = ["Problem"]

RIDGE = 1e-5  # weight of θ itself, so that what no label tells stays 0
DENSITY = 4.0  # eV², of the mean atom at the start: √ρ is the energy that it gains
CURVATURE = 0.1  # 1/eV³, largest


class Problem:
    """Residuals and their Jacobian by θ: pair coefficients, densities [centre, neighbour], curvatures.

    Distances stay as they are in the fit, so that cubes and whatever is linear in θ are computed once.
    """

    def __init__(
        self, graph: Graph, rows: Rows, kinds: np.ndarray, cutoff: float, n_pair: int, n_density: int
    ) -> None:
        """`kinds` (p,): the unordered pair of elements of each pair of `graph`, numbered from 0."""
        self.rows, self.kinds, self.n_kinds = rows, kinds, int(kinds.max()) + 1
        vectors = graph.vectors.numpy()
        r = np.linalg.norm(vectors, axis=1)
        self.on_slope = rows.along(vectors / r[:, None])
        self.near = np.array([r[kinds == k].min() for k in range(self.n_kinds)])
        groups = [r[kinds == k] for k in range(self.n_kinds)]
        self.pair_knots = np.array([knots_of(d, cutoff, n_pair) for d in groups])
        self.density_knots = np.array([knots_of(d, cutoff, n_density) for d in groups])
        pair = [x.numpy() for x in cubes(torch.as_tensor(r), torch.as_tensor(self.pair_knots[kinds]))]
        density = [x.numpy() for x in cubes(torch.as_tensor(r), torch.as_tensor(self.density_knots[kinds]))]
        self.ends = np.array([graph.source.numpy(), graph.target.numpy()])
        self._elements(graph)
        self._linear(graph, pair)
        self._densities(graph, density)

    def _elements(self, graph: Graph) -> None:
        """Index of each atom's element, and of each pair's [centre, neighbour] from either end."""
        numbers, self.element = np.unique(graph.numbers.numpy(), return_inverse=True)
        self.n_elements = len(numbers)
        ends = self.element[self.ends]
        codes = ends * self.n_elements + ends[::-1]
        self.directed, directions = np.unique(codes, return_inverse=True)
        self.direction = directions.reshape(2, -1)

    def _linear(self, graph: Graph, pair: list[np.ndarray]) -> None:
        """What a unit of each pair coefficient adds to the rows."""
        frame = graph.frame.numpy()
        self.frames = _members(frame, graph.n_frames)
        of_pairs = _members(frame[self.ends[0]], graph.n_frames)
        value, slope = (_spread(x, self.kinds, self.n_kinds) for x in pair)
        self.by_pair = (self.rows.on_energy @ (of_pairs @ value) + self.on_slope @ slope).toarray()

    def _densities(self, graph: Graph, density: list[np.ndarray]) -> None:
        """ρ = rho d, and ∂ρ_end/∂r = slopes[end] d."""
        wide = [_spread(density[0], x, len(self.directed)) for x in self.direction]
        adds = [_members(end, len(self.element)) for end in self.ends]
        self.rho = (adds[0] @ wide[0] + adds[1] @ wide[1]).toarray()
        self.slopes = [_spread(density[1], x, len(self.directed)) for x in self.direction]

    @property
    def sizes(self) -> tuple[int, int, int]:
        return self.by_pair.shape[1], self.rho.shape[1], self.n_elements

    def split(self, theta: np.ndarray) -> list[np.ndarray]:
        """Pair coefficients (n_kinds, k), densities (n_directed, l), curvatures (n_elements,)."""
        c, d, b = np.split(theta, np.cumsum(self.sizes)[:2])
        return [c.reshape(self.n_kinds, -1), d.reshape(len(self.directed), -1), b]

    def fit(self, n_starts: int, max_iterations: int) -> np.ndarray:
        """θ of the best of `n_starts` starts."""
        c, d, b = self.sizes
        low = np.concatenate([np.full(c, -np.inf), np.zeros(d), np.full(b, -CURVATURE)])
        high = np.concatenate([np.full(c + d, np.inf), np.full(b, CURVATURE)])
        starts = sorted((self._start(k) for k in range(d // len(self.directed))), key=lambda s: s[0])
        chosen = [theta for _, theta in starts[:n_starts]]
        return refine(self.residual, self.jacobian, chosen, (low, high), max_iterations)

    def _start(self, knot: int) -> tuple[float, np.ndarray]:
        """All densities in one cube, and the pair coefficients that then fit best."""
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
        tension = sum(first[end] * (slope @ d) for end, slope in zip(self.ends, self.slopes, strict=True))
        predicted = self.by_pair @ c + self.rows.on_energy @ (self.frames @ value) + self.on_slope @ tension
        return np.concatenate([self.rows.residual(predicted), RIDGE * theta])

    def jacobian(self, theta: np.ndarray) -> np.ndarray:
        """∂residual/∂θ."""
        _, d, _ = np.split(theta, np.cumsum(self.sizes)[:2])
        rho, (_, first, second) = self._embedded(theta)
        energy = self.frames @ np.hstack([first[:, None] * self.rho, self._own(rho**2)])
        tension = np.zeros((len(self.kinds), sum(self.sizes[1:])))
        for end, slope in zip(self.ends, self.slopes, strict=True):
            along = (slope @ d)[:, None]
            tension[:, : len(d)] += along * second[end, None] * self.rho[end]
            tension[:, : len(d)] += (slope * first[end, None]).toarray()
            tension[:, len(d) :] += along * self._own(2 * rho)[end]
        rows = np.hstack([self.by_pair, self.rows.on_energy @ energy + self.on_slope @ tension])
        return np.vstack([self.rows.centred(rows), RIDGE * np.eye(len(theta))])

    def _embedded(self, theta: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """ρ, and F, F′ and F″, (n,)."""
        _, d, b = np.split(theta, np.cumsum(self.sizes)[:2])
        rho = self.rho @ d
        terms = embedding(torch.as_tensor(rho), torch.as_tensor(b[self.element]))
        return rho, [x.numpy() for x in terms]

    def _own(self, values: np.ndarray) -> np.ndarray:
        """A value of each atom in the column of its element, (n, n_elements)."""
        return values[:, None] * (self.element[:, None] == np.arange(self.n_elements))


def _members(groups: np.ndarray, n: int) -> csr_array:
    """The matrix that sums items into their groups, (n, items)."""
    m = len(groups)
    return coo_array((np.ones(m), (groups, np.arange(m))), (n, m)).tocsr()


def _spread(values: np.ndarray, kinds: np.ndarray, n_kinds: int) -> csr_array:
    """Each pair's k values in the columns of its kind; columns go kind by kind."""
    p, k = values.shape
    columns = (kinds[:, None] * k + np.arange(k)).ravel()
    where = (np.repeat(np.arange(p), k), columns)
    return coo_array((values.ravel(), where), shape=(p, k * n_kinds)).tocsr()
