"""Embedded-atom method after Finnis and Sinclair, for metals: bonds weaken with the number of neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols

from mlffbench.estimators.base.classical import Classical
from mlffbench.system.ranges import AtomEnergies, Count, Device, Length, Natural, NonNegative, Seed

if TYPE_CHECKING:
    import torch

    from mlffbench.descriptors.graph import Graph
    from mlffbench.potentials.classical.design_matrix import DesignMatrix
    from mlffbench.potentials.classical.embedded_atom import Tables
    from mlffbench.potentials.classical.embedded_atom_fit import Problem
    from mlffbench.potentials.classical.least_squares import Fit

__all__ = ["EmbeddedAtom"]

MOST_ENTRIES = 6e7  # pairs times parameters of a fit


class EmbeddedAtom(Classical):
    """An embedded-atom potential of Finnis and Sinclair's form, fitted to energies, forces and stresses.

    E = Σ_pairs φ(r) + Σ_i F(ρ_i) + Σ_i e(Z_i),  ρ_i = Σ_j f(r_ij),  F(ρ) = −√ρ + b ρ²

    φ = Σ_k c_k (1 − r/r_k)³₊ belongs to the unordered pair of elements, f = Σ_l d_l (1 − r/r_l)³₊ with d
    ≥ 0 to the centre and its neighbour, b and e to an element. They are cubic splines with two continuous
    derivatives; the knots r_k are means of evenly spaced points and quantiles of the training distances, the
    last is the cutoff. √ρ is √(ρ + s²) − s, s = 0.02 eV, which is differentiable for lone atoms. Below r_min,
    the smallest distance that training shows for a pair, a wall 50 eV (1 − r/r_min)³ is added. Fitted by
    bounded nonlinear least squares (trust-region reflective) with the analytic Jacobian. Pairs of
    elements that training never shows within the cutoff do not interact. Where pairs times parameters
    exceed 60 million, a random subsample of the frames is fitted.

    Parameters
    ----------
    cutoff : float
        Cutoff of the pairs, Å.
    n_pair, n_density : int
        Number of cubes of each φ and of each f.
    energy_weight, forces_weight, stress_weight : float
        The loss is Σ weight (RMSE/σ)², σ the spread of that label in training; energies per atom.
    max_iterations : int
        Largest number of steps of the optimiser, from each start.
    n_starts : int
        Number of starts of the optimiser, at most `n_density`: the densities in one cube, the pair
        coefficients by linear least squares; the best fit is kept.
    device : str
        Device of the predictions; the fit runs on the CPU.
    random_state : int or None
        Seed of the random subsample of frames.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    pairs_ : dict
        ``{"Cu-Ni": {"knots": (n_pair,) Å, "coefficients": (n_pair,) eV, "r_min": Å}}``.
    densities_ : dict
        ``{"Cu-Ni": {"knots": (n_density,) Å, "coefficients": (n_density,) eV²}}``: nickel around copper.
    curvatures_ : dict
        b, 1/eV³, by chemical symbol.
    element_energies_ : dict
        e, eV, by chemical symbol.

    References
    ----------
    M. W. Finnis and J. E. Sinclair, Philos. Mag. A 50, 45 (1984). G. J. Ackland and V. Vitek, Phys. Rev. B
    41, 10324 (1990): alloys. M. I. Mendelev et al., Philos. Mag. 83, 3977 (2003): b ρ².

    Examples
    --------
    >>> from mlffbench.datasets.emt_copper import emt_copper
    >>> copper = emt_copper(n_train=12, n_test=1)
    >>> model = EmbeddedAtom(cutoff=5.0).fit(copper.frames[:12], copper.labels[:12])
    >>> float(model.pairs_["Cu-Cu"]["knots"][-1])
    5.0
    """

    def __init__(
        self,
        cutoff: Length = 6.0,
        n_pair: Count = 12,
        n_density: Count = 6,
        energy_weight: NonNegative = 1.0,
        forces_weight: NonNegative = 1.0,
        stress_weight: NonNegative = 1.0,
        max_iterations: Natural = 80,
        n_starts: Count = 2,
        device: Device = "cpu",
        random_state: Seed | None = None,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        shared = (cutoff, energy_weight, forces_weight, stress_weight, max_iterations, n_starts)
        super().__init__(*shared, device, random_state, atomic_energies)
        self.n_pair = n_pair
        self.n_density = n_density

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Cutoff and numbers of cubes: few are stiff, many oscillate where distances are rare."""
        from scipy.stats import randint, uniform

        return {
            "cutoff": uniform(4.5, 3.5),
            "n_pair": randint(6, 21),
            "n_density": randint(4, 11),
        }

    def _max_pairs(self) -> float:
        k = len(self.elements_)
        return min(2e6, MOST_ENTRIES / (self.n_pair * k * (k + 1) / 2 + self.n_density * k**2))

    def _graph(self, frames: Sequence[Atoms], device: str) -> Graph:
        from mlffbench.potentials.classical.design_matrix import undirected

        return undirected(super()._graph(frames, device))

    def _fit_interaction(self, graph: Graph, design: DesignMatrix, rng: np.random.RandomState) -> Fit | None:
        import torch

        from mlffbench.potentials.classical.embedded_atom_fit import Problem
        from mlffbench.potentials.classical.least_squares import element_kinds

        self.pairs_: dict[str, dict[str, Any]] = {}
        self.densities_: dict[str, dict[str, Any]] = {}
        self.curvatures_ = dict.fromkeys(self.elements_, 0.0)
        numbers = graph.numbers[torch.stack([graph.source, graph.target])].sort(dim=0).values
        kinds, pairs = element_kinds(*numbers)
        if not pairs:
            return None
        problem = Problem(graph, design, kinds.numpy(), self.cutoff, self.n_pair, self.n_density)
        solution = problem.fit(self.n_starts, self.max_iterations)
        self._set_parameters(problem, solution.values, pairs, graph)
        return solution

    def _set_parameters(
        self, problem: Problem, theta: np.ndarray, pairs: Sequence[tuple[str, ...]], graph: Graph
    ) -> None:
        """Set the fitted attributes from θ."""
        import torch

        symbols = [chemical_symbols[z] for z in torch.unique(graph.numbers).tolist()]
        c, d, b = problem.split(theta)
        for k, (one, other) in enumerate(pairs):
            knots, r_min = problem.pair_knots[k], float(problem.r_min[k])
            self.pairs_[f"{one}-{other}"] = {"knots": knots, "coefficients": c[k], "r_min": r_min}
        for code, coefficients in zip(problem.directed.tolist(), d, strict=True):
            centre, neighbour = (symbols[i] for i in divmod(code, len(symbols)))
            k = pairs.index(tuple(sorted((centre, neighbour), key=atomic_numbers.get)))
            self.densities_[f"{centre}-{neighbour}"] = {
                "knots": problem.density_knots[k],
                "coefficients": coefficients,
            }
        self.curvatures_ |= dict(zip(symbols, b.tolist(), strict=True))

    def _interaction(self, graph: Graph) -> torch.Tensor:
        from mlffbench.potentials.classical.embedded_atom import energies

        return energies(self._tables().to(graph.positions.device), graph)

    def _lammps(self, name: str) -> tuple[str, str, list[str]]:
        from mlffbench.potentials.classical.lammps_setfl import setfl_commands, setfl_file

        file = f"{name}.eam.fs"
        text = setfl_file(self.elements_, self._tables(), self.cutoff)
        return file, text, setfl_commands(self.elements_, file)

    def _tables(self) -> Tables:
        """Tables of the fitted attributes."""
        import torch

        from mlffbench.potentials.classical.embedded_atom import Tables
        from mlffbench.potentials.classical.least_squares import element_table

        z = len(chemical_symbols)
        empty = [torch.zeros(z, z, n, dtype=torch.float64) for n in (self.n_pair, self.n_density)]
        tables = Tables(
            empty[0] + 1, empty[0].clone(), empty[1] + 1, empty[1].clone(),
            torch.zeros(z, z, dtype=torch.float64), element_table(self.curvatures_),
        )  # fmt: skip
        for pair, values in self.pairs_.items():
            a, b = (atomic_numbers[s] for s in pair.split("-"))
            for i, j in ((a, b), (b, a)):
                tables.pair_knots[i, j] = torch.as_tensor(values["knots"])
                tables.pair[i, j] = torch.as_tensor(values["coefficients"])
                tables.r_min[i, j] = values["r_min"]
        for pair, values in self.densities_.items():
            a, b = (atomic_numbers[s] for s in pair.split("-"))
            tables.density_knots[a, b] = torch.as_tensor(values["knots"])
            tables.density[a, b] = torch.as_tensor(values["coefficients"])
        return tables
