"""Pair potentials: a form u(r) with few parameters a pair of elements, fitted by nonlinear least squares."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from ase import Atoms
from ase.data import chemical_symbols
from scipy.optimize import nnls
from scipy.sparse import coo_array, csr_array

from mlffbench.descriptors.graph import Graph
from mlffbench.estimators.base.classical import Classical, kinds_of, refine
from mlffbench.potentials.classical.design_matrix import Rows, first_shell, halved

__all__ = ["PairPotential", "PairProblem", "pair_terms", "switch"]

SWITCH = 0.8  # the potential is as its formula says up to this share of the cutoff
WEAKEST = 1e-4  # eV, of a start's strengths: from zero a shape cannot be learned

Form = Callable[..., torch.Tensor]


class PairPotential(Classical):
    """E = Σ_pairs u(r) f(r): a subclass writes `form`, `natural` where it needs one, `bounds` and `shapes`.

    The fit's own parameters θ are those that `natural` turns into the ones with names; the first `strengths`
    of them multiply u linearly and are started by non-negative least squares.
    """

    names: ClassVar[tuple[str, ...]]
    bounds: ClassVar[tuple[tuple[float, float], ...]]
    strengths: ClassVar[int] = 1

    @staticmethod
    @abstractmethod
    def form(r: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        """u(r) in eV before the switch; `parameters` in the order of `names`."""

    @abstractmethod
    def shapes(self, near: np.ndarray, shell: np.ndarray) -> list[list[np.ndarray]]:
        """Starts of what are not strengths, from each pair's smallest distance and first shell."""

    @staticmethod
    def natural(near: torch.Tensor, *theta: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The parameters with names, of θ and the smallest distance of each pair in training."""
        return theta

    def _graph(self, frames: Sequence[Atoms], device: str) -> Graph:
        return halved(super()._graph(frames, device))

    def _learn(self, graph: Graph, rows: Rows, rng: np.random.RandomState) -> None:
        numbers = graph.numbers[torch.stack([graph.source, graph.target])].sort(dim=0).values
        kinds, pairs = kinds_of(*numbers)
        self.parameters_: dict[str, dict[str, float]] = {}
        if pairs:
            problem = PairProblem(graph, rows, kinds.numpy(), len(pairs))
            near = torch.as_tensor(problem.nearest())
            terms = lambda theta: pair_terms(  # noqa: E731
                self.form, self.natural, theta, near, problem.distances, problem.kinds, self.cutoff
            )
            theta = torch.as_tensor(self._optimise(problem, terms, rng))
            values = torch.stack(self.natural(near, *theta)).T.tolist()
            for pair, row in zip(pairs, values, strict=True):
                self.parameters_["-".join(pair)] = dict(zip(self.names, row, strict=True))

    def _optimise(
        self, problem: PairProblem, terms: Callable[..., Any], rng: np.random.RandomState
    ) -> np.ndarray:
        """θ of the best of all starts, (k, n_kinds)."""
        k, n = len(self.bounds), problem.n_kinds
        low, high = (np.repeat(side, n) for side in zip(*self.bounds, strict=True))
        high = np.minimum(high, np.repeat([self.cutoff if np.isinf(b[1]) else b[1] for b in self.bounds], n))
        theta = refine(
            lambda x: problem.residual(*terms(x.reshape(k, n))[:2]),
            lambda x: problem.jacobian(*terms(x.reshape(k, n))[2:]),
            [x.ravel() for x in self._starts(problem, terms, rng)],
            (low, high),
            self.max_iterations,
        )
        return theta.reshape(k, n)

    def _starts(
        self, problem: PairProblem, terms: Callable[..., Any], rng: np.random.RandomState
    ) -> list[np.ndarray]:
        """The best `n_starts` of the listed shapes, then random perturbations of the best."""
        shapes = [np.array(s) for s in self.shapes(problem.nearest(), problem.first_shells())]
        ranked = sorted((problem.strengthened(s, self.strengths, terms) for s in shapes), key=lambda t: t[0])
        starts = [theta for _, theta in ranked[: self.n_starts]]
        while len(starts) < self.n_starts:
            shape = ranked[0][1][self.strengths :]
            moved = shape * np.exp(rng.normal(scale=0.2, size=shape.shape))
            starts.append(problem.strengthened(moved, self.strengths, terms)[1])
        return starts

    def _interaction(self, graph: Graph) -> torch.Tensor:
        """Σ u(r) f(r) over pairs, (n_frames,)."""
        known = self._known(graph)
        source, r = graph.source[known], graph.vectors[known].norm(dim=1)
        table = self._table().to(r)[:, graph.numbers[source], graph.numbers[graph.target[known]]]
        u = self.form(r, *table) * switch(r / self.cutoff)
        return r.new_zeros(graph.n_frames).index_add(0, graph.frame[source], u)

    def _known(self, graph: Graph) -> torch.Tensor:
        """Which pairs are of elements that training showed near each other, (p,) bool."""
        seen = torch.zeros((len(chemical_symbols),) * 2, dtype=torch.bool, device=graph.numbers.device)
        for pair in self.parameters_:
            a, b = (chemical_symbols.index(s) for s in pair.split("-"))
            seen[a, b] = seen[b, a] = True
        return seen[graph.numbers[graph.source], graph.numbers[graph.target]]

    def _table(self) -> torch.Tensor:
        """Parameters by two atomic numbers, (k, n_elements, n_elements)."""
        table = torch.zeros(len(self.names), *(len(chemical_symbols),) * 2, dtype=torch.float64)
        for pair, values in self.parameters_.items():
            a, b = (chemical_symbols.index(s) for s in pair.split("-"))
            table[:, a, b] = table[:, b, a] = torch.tensor(list(values.values()), dtype=torch.float64)
        return table


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


def switch(x: torch.Tensor) -> torch.Tensor:
    """1 up to 0.8, then 1 − 10t³ + 15t⁴ − 6t⁵ down to 0 at x = 1: two continuous derivatives."""
    t = ((x - SWITCH) / (1 - SWITCH)).clamp(0.0, 1.0)
    return 1 - t**3 * (10 - 15 * t + 6 * t**2)


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
    u = form(r, *natural(near[kinds], *own)) * switch(r / cutoff)
    (slope,) = torch.autograd.grad(u.sum(), r, create_graph=True)
    by = [torch.autograd.grad(x.sum(), own, retain_graph=True, materialize_grads=True) for x in (u, slope)]
    by_value, by_slope = (torch.stack(b, dim=1).numpy() for b in by)
    return u.detach().numpy(), slope.detach().numpy(), by_value, by_slope
