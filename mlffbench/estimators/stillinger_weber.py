"""Stillinger–Weber potential: pair terms and angle terms with a smooth end."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations_with_replacement, product
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import atomic_numbers

from mlffbench.estimators.base.classical import Classical
from mlffbench.system.ranges import AtomEnergies, Count, Device, Length, Natural, NonNegative, Seed

if TYPE_CHECKING:
    import torch

    from mlffbench.descriptors.graph import Graph
    from mlffbench.potentials.classical.design_matrix import DesignMatrix
    from mlffbench.potentials.classical.least_squares import Fit
    from mlffbench.potentials.classical.stillinger_weber import GraphIndices, Parameters

__all__ = ["StillingerWeber"]

MOST_ENTRIES = 7e5  # pairs times parameters of a fit
SHALLOW = 1e-3  # eV: the depth of a shallower well is not used as ε


class StillingerWeber(Classical):
    """A Stillinger–Weber potential of pairs and angles, fitted to energies, forces and stresses.

    E = Σ_pairs v₂(r) + Σ_angles v₃(r, r', θ) + Σ_i e(Z_i)

    v₂ = A ε [B (σ/r)^p − (σ/r)^q] exp(σ/(r − aσ)),
    v₃ = λ ε exp(γσ/(r − aσ)) exp(γ'σ'/(r' − a'σ')) (cos θ − cos θ₀)²

    ε, A, B, σ, a and γ belong to the unordered pair of elements, λ and cos θ₀ to the element in the middle of
    an angle and the unordered pair at its ends, where ε is √(ε ε') of the two bonds; e is a constant energy
    per atom of an element. All but p and q are fitted, by bounded nonlinear least squares (trust-region
    reflective) with the exact Jacobian. Only the product A ε is determined: ε is the depth of the pair's
    well, as in the paper, or 1 eV for a well of less than 1 meV. Beyond aσ, at most the cutoff, all
    derivatives vanish. Angles cost no more than pairs, as they are summed through moments of the neighbours.
    Pairs of elements that training never shows within the cutoff do not interact. A potential of so few
    parameters needs little data: if pairs of neighbours times parameters exceed 700 000, a random subsample
    of the frames is fitted.

    Parameters
    ----------
    cutoff : float
        The largest aσ, Å.
    p, q : float
        Exponents of repulsion and attraction; not fitted, as the data hardly determine them.
    energy_weight, forces_weight, stress_weight : float
        The loss is Σ weight (RMSE/σ)², σ the spread of that label in training; energies per atom.
    max_iterations : int
        Largest number of steps of the optimiser, from each start.
    n_starts : int
        Number of starts of the optimiser, at most four: ranges of a short list, each with its best strengths;
        the best fit is kept.
    device : str
        Device of the predictions; the fit runs on the CPU.
    random_state : int or None
        Seed of the random subsample of frames.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    parameters_ : dict
        ``{"C-H": {"epsilon": ..., "A": ..., "B": ..., "sigma": ..., "a": ..., "gamma": ...}}``, eV and Å.
    angles_ : dict
        ``{"H-C-O": {"lambda": ..., "cos_theta": ...}}``, with the centre of the angle in the middle.
    element_energies_ : dict
        e, eV, by chemical symbol.

    References
    ----------
    F. H. Stillinger and T. A. Weber, Phys. Rev. B 31, 5262 (1985).

    Examples
    --------
    >>> from mlffbench.datasets.stillinger_weber_si import stillinger_weber_si
    >>> silicon = stillinger_weber_si(n_train=6, n_test=1)
    >>> model = StillingerWeber(n_starts=1).fit(silicon.frames[:6], silicon.labels[:6])
    >>> round(model.parameters_["Si-Si"]["sigma"], 2), round(model.angles_["Si-Si-Si"]["lambda"])
    (2.1, 21)
    """

    def __init__(
        self,
        cutoff: Length = 5.0,
        p: NonNegative = 4.0,
        q: NonNegative = 0.0,
        energy_weight: NonNegative = 1.0,
        forces_weight: NonNegative = 1.0,
        stress_weight: NonNegative = 1.0,
        max_iterations: Natural = 50,
        n_starts: Count = 2,
        device: Device = "cpu",
        random_state: Seed | None = None,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        shared = (cutoff, energy_weight, forces_weight, stress_weight, max_iterations, n_starts)
        super().__init__(*shared, device, random_state, atomic_energies)
        self.p = p
        self.q = q

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """The cutoff, which decides how many shells of neighbours bind in pairs and angles."""
        from scipy.stats import uniform

        return {
            "cutoff": uniform(3.0, 3.5),
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"cutoff": 4.5, "max_iterations": 8, "n_starts": 1, "random_state": 0}

    def _max_pairs(self) -> float:
        k = len(self.elements_)
        return MOST_ENTRIES / (5 * k * (k + 1) / 2 + k**2 * (k + 1))

    def _fit_interaction(self, graph: Graph, design: DesignMatrix, rng: np.random.RandomState) -> Fit | None:
        from mlffbench.potentials.classical.stillinger_weber_fit import Problem

        self.parameters_: dict[str, dict[str, float]] = {}
        self.angles_: dict[str, dict[str, float]] = {}
        if not len(graph.source):
            return None
        problem = Problem(graph, design, self._indices(graph), (self.p, self.q))
        solution = problem.fit(self.cutoff, self.n_starts, self.max_iterations)
        fitted = problem.parameters(solution)
        self.parameters_ = _named_pairs(fitted, self.elements_, (self.p, self.q))
        self.angles_ = _named_angles(fitted, self.elements_, self.parameters_)
        return solution

    def _interaction(self, graph: Graph) -> torch.Tensor:
        from mlffbench.potentials.classical.stillinger_weber import energies

        parameters = self._parameters().to(graph.positions.device)
        return energies(parameters, (self.p, self.q), self._indices(graph), graph.vectors)

    def _lammps(self, name: str) -> tuple[str, str, list[str]]:
        from mlffbench.potentials.classical.lammps_sw import sw_commands, sw_file

        file = f"{name}.sw"
        text = sw_file(self.elements_, self.parameters_, self.angles_, (self.p, self.q))
        return file, text, sw_commands(self.elements_, file)

    def _indices(self, graph: Graph) -> GraphIndices:
        from mlffbench.potentials.classical.stillinger_weber import GraphIndices

        return GraphIndices.of(graph, [atomic_numbers[s] for s in self.elements_])

    def _parameters(self) -> Parameters:
        """Tables of the fitted attributes."""
        import torch

        from mlffbench.potentials.classical.stillinger_weber import Parameters

        k = len(self.elements_)
        pairs, angles = (
            torch.zeros(5, k, k, dtype=torch.float64),
            torch.zeros(2, k, k, k, dtype=torch.float64),
        )
        index = self.elements_.index
        for pair, v in self.parameters_.items():
            a, b = map(index, pair.split("-"))
            height, sigma = v["A"] * v["epsilon"], v["sigma"]
            row = (height * v["B"] * sigma**self.p, height * sigma**self.q, sigma, v["a"] * sigma)
            pairs[:, a, b] = pairs[:, b, a] = torch.tensor([*row, v["gamma"] * sigma], dtype=torch.float64)
        for angle, v in self.angles_.items():
            b, a, c = map(index, angle.split("-"))
            stiffness = v["lambda"] * _energy_unit(self.parameters_, self.elements_, a, b, c)
            entry = torch.tensor([stiffness, v["cos_theta"]], dtype=torch.float64)
            angles[:, a, b, c] = angles[:, a, c, b] = entry
        return Parameters(*pairs, *angles)


def _named_pairs(
    fitted: Parameters, elements: list[str], powers: tuple[float, float]
) -> dict[str, dict[str, float]]:
    """Parameters of the paper's formula for every pair; ε is the depth of the well."""
    named = {}
    for a, b in combinations_with_replacement(range(len(elements)), 2):
        sigma, reach = fitted.decay[a, b].item(), fitted.reach[a, b].item()
        if reach == 0.0:
            continue
        repulsion, attraction = fitted.repulsion[a, b].item(), fitted.attraction[a, b].item()
        r = np.linspace(0.1 * reach, reach, 20_001)[:-1]
        v2 = (repulsion * r ** -powers[0] - attraction * r ** -powers[1]) * np.exp(sigma / (r - reach))
        epsilon = float(-v2.min()) if v2.min() < -SHALLOW else 1.0
        named[f"{elements[a]}-{elements[b]}"] = {
            "epsilon": epsilon,
            "A": attraction / (epsilon * sigma ** powers[1]),
            "B": repulsion / attraction * sigma ** (powers[1] - powers[0]),
            "sigma": sigma,
            "a": reach / sigma,
            "gamma": fitted.bend_decay[a, b].item() / sigma,
        }
    return named


def _named_angles(
    fitted: Parameters, elements: list[str], pairs: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, float]]:
    """λ, in units of the pairs' ε, and cos θ₀ of every angle."""
    named = {}
    k = range(len(elements))
    for a, (b, c) in product(k, combinations_with_replacement(k, 2)):
        if fitted.reach[a, b] > 0 and fitted.reach[a, c] > 0:
            named[f"{elements[b]}-{elements[a]}-{elements[c]}"] = {
                "lambda": fitted.stiffness[a, b, c].item() / _energy_unit(pairs, elements, a, b, c),
                "cos_theta": fitted.cosine[a, b, c].item(),
            }
    return named


def _energy_unit(
    pairs: Mapping[str, Mapping[str, float]], elements: list[str], a: int, b: int, c: int
) -> float:
    """Energy unit √(ε_ab ε_ac) of the angle with centre a, eV."""
    depths = [pairs["-".join(elements[i] for i in sorted(bond))]["epsilon"] for bond in ((a, b), (a, c))]
    return float(np.sqrt(depths[0] * depths[1]))
