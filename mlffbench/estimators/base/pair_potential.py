"""Pair potentials: a form u(r) with few parameters a pair of elements, fitted by nonlinear least squares."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from ase import Atoms
from ase.data import chemical_symbols

from mlffbench.descriptors.graph import Graph
from mlffbench.descriptors.quintic import switched_off
from mlffbench.estimators.base.classical import Classical
from mlffbench.potentials.classical.design_matrix import Rows, halved
from mlffbench.potentials.classical.least_squares import kinds_of, refine
from mlffbench.potentials.classical.pair import PairProblem, pair_terms

__all__ = ["PairPotential"]


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
            terms = lambda theta: pair_terms(
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
        u = self.form(r, *table) * switched_off(r / self.cutoff)
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
