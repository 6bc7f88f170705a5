"""Base class of pair potentials: u(r) with few parameters for each pair of elements."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from mlffbench.estimators.base.classical import Classical

if TYPE_CHECKING:
    import torch

    from mlffbench.descriptors.graph import Graph
    from mlffbench.potentials.classical.design_matrix import DesignMatrix
    from mlffbench.potentials.classical.lammps_table import Curve
    from mlffbench.potentials.classical.least_squares import Fit
    from mlffbench.potentials.classical.pair import PairProblem

__all__ = ["PairPotential"]


class PairPotential(Classical):
    """A pair potential E = Σ_pairs u(r) f(r); a subclass defines `form`, `names`, `bounds` and `shapes`.

    The fit has parameters θ of its own, which `physical` turns into the parameters in `names`. u is linear in
    the first `n_strengths` of θ, which start from non-negative least squares.
    """

    names: ClassVar[tuple[str, ...]]
    bounds: ClassVar[tuple[tuple[float, float], ...]]
    n_strengths: ClassVar[int] = 1

    @staticmethod
    @abstractmethod
    def form(r: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        """u(r) in eV before the switch f(r); `parameters` in the order of `names`."""

    @abstractmethod
    def shapes(self, r_min: np.ndarray, shell: np.ndarray) -> list[list[np.ndarray]]:
        """Starts of θ without its strengths, from each pair's smallest distance and first shell."""

    @staticmethod
    def physical(r_min: torch.Tensor, *theta: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The parameters of `form`, from θ and the smallest distance of each pair in training."""
        return theta

    def _graph(self, frames: Sequence[Atoms], device: str) -> Graph:
        from mlffbench.potentials.classical.design_matrix import undirected

        return undirected(super()._graph(frames, device))

    def _fit_interaction(self, graph: Graph, design: DesignMatrix, rng: np.random.RandomState) -> Fit | None:
        import torch

        from mlffbench.potentials.classical.least_squares import element_kinds
        from mlffbench.potentials.classical.pair import PairProblem, pair_terms

        numbers = graph.numbers[torch.stack([graph.source, graph.target])].sort(dim=0).values
        kinds, pairs = element_kinds(*numbers)
        self.parameters_: dict[str, dict[str, float]] = {}
        if not pairs:
            return None
        problem = PairProblem(graph, design, kinds.numpy(), len(pairs))
        r_min = torch.as_tensor(problem.smallest_distances())
        terms = lambda theta: pair_terms(
            self.form, self.physical, theta, r_min, problem.distances, problem.kinds, self.cutoff
        )
        solution = self._optimise(problem, terms, rng)
        theta = torch.as_tensor(solution.values).reshape(len(self.bounds), len(pairs))
        values = torch.stack(self.physical(r_min, *theta)).T.tolist()
        for pair, row in zip(pairs, values, strict=True):
            self.parameters_["-".join(pair)] = dict(zip(self.names, row, strict=True))
        return solution

    def _optimise(self, problem: PairProblem, terms: Callable[..., Any], rng: np.random.RandomState) -> Fit:
        """Fit θ from all starts; the best fit, (k n_kinds,)."""
        from mlffbench.potentials.classical.least_squares import multistart_least_squares

        k, n = len(self.bounds), problem.n_kinds
        low, high = (np.repeat(side, n) for side in zip(*self.bounds, strict=True))
        high = np.minimum(high, np.repeat([self.cutoff if np.isinf(b[1]) else b[1] for b in self.bounds], n))
        return multistart_least_squares(
            lambda x: problem.residual(*terms(x.reshape(k, n))[:2]),
            lambda x: problem.jacobian(*terms(x.reshape(k, n))[2:]),
            [x.ravel() for x in self._starts(problem, terms, rng)],
            (low, high),
            self.max_iterations,
        )

    def _starts(
        self, problem: PairProblem, terms: Callable[..., Any], rng: np.random.RandomState
    ) -> list[np.ndarray]:
        """θ of the best `n_starts` listed shapes, then of random perturbations of the best one."""
        start = lambda shape: problem.with_best_strengths(shape, self.n_strengths, terms)
        shapes = [np.array(s) for s in self.shapes(problem.smallest_distances(), problem.first_shells())]
        ranked = sorted((start(shape) for shape in shapes), key=lambda misfit_and_theta: misfit_and_theta[0])
        starts = [theta for _, theta in ranked[: self.n_starts]]
        while len(starts) < self.n_starts:
            best_shape = ranked[0][1][self.n_strengths :]
            factors = np.exp(rng.normal(scale=0.2, size=best_shape.shape))
            starts.append(start(best_shape * factors)[1])
        return starts

    def _interaction(self, graph: Graph) -> torch.Tensor:
        """Σ u(r) f(r) over pairs, (n_frames,)."""
        from mlffbench.descriptors.quintic import switched_off

        known = self._known(graph)
        source, r = graph.source[known], graph.vectors[known].norm(dim=1)
        table = self._table().to(r)[:, graph.numbers[source], graph.numbers[graph.target[known]]]
        u = self.form(r, *table) * switched_off(r / self.cutoff)
        return r.new_zeros(graph.n_frames).index_add(0, graph.frame[source], u)

    def _lammps(self, name: str) -> tuple[str, str, list[str]]:
        from mlffbench.potentials.classical.lammps_table import pair_table, table_commands

        file = f"{name}.table"
        text = pair_table(self.elements_, self._curve, self.cutoff)
        return file, text, table_commands(self.elements_, file)

    def _curve(self, one: str, other: str) -> Curve | None:
        """u(r) f(r) of two elements, None if training never showed them within the cutoff."""
        import torch

        from mlffbench.descriptors.quintic import switched_off

        values = self.parameters_.get(f"{one}-{other}") or self.parameters_.get(f"{other}-{one}")
        if values is None:
            return None
        parameters = [torch.tensor(values[key], dtype=torch.float64) for key in self.names]
        return lambda r: self.form(r, *parameters) * switched_off(r / self.cutoff)

    def _known(self, graph: Graph) -> torch.Tensor:
        """Mask of the pairs whose elements have parameters, (p,) bool."""
        import torch

        known = torch.zeros((len(chemical_symbols),) * 2, dtype=torch.bool, device=graph.numbers.device)
        for pair in self.parameters_:
            a, b = (chemical_symbols.index(s) for s in pair.split("-"))
            known[a, b] = known[b, a] = True
        return known[graph.numbers[graph.source], graph.numbers[graph.target]]

    def _table(self) -> torch.Tensor:
        """Parameters by two atomic numbers, (k, n_elements, n_elements)."""
        import torch

        table = torch.zeros(len(self.names), *(len(chemical_symbols),) * 2, dtype=torch.float64)
        for pair, values in self.parameters_.items():
            a, b = (chemical_symbols.index(s) for s in pair.split("-"))
            table[:, a, b] = table[:, b, a] = torch.tensor(list(values.values()), dtype=torch.float64)
        return table
