"""The Morse pair potential: what two-body physics with three numbers a pair explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from ase import Atoms
from scipy.optimize import least_squares, nnls
from sklearn.utils import check_random_state

from mlffbench import progress
from mlffbench.data import Labels
from mlffbench.estimators._pair_fit import PairProblem, pair_problem
from mlffbench.forcefield import ForceField
from mlffbench.graph import Graph, build, with_forces
from mlffbench.graph import labels as as_labels

__all__ = ["Morse"]

SWITCH = 0.8  # the potential is pure Morse up to this share of the cutoff
BOUNDS = {"D": (0.0, 50.0), "a": (0.3, 6.0), "r0": (0.3, np.inf)}  # eV, 1/Å, Å; r0 ends at the cutoff
STEEPNESS = (1.0, 2.0, 3.5)  # 1/Å, tried as the start of every pair's a


class Morse(ForceField):
    """A Morse potential for every pair of elements, fitted to energies, forces and stresses.

    E = ½ Σ_ij u(r_ij) + e·n_atoms,  u(r) = D [exp(−2a(r−r0)) − 2 exp(−a(r−r0))] f(r)

    D, a and r0 belong to the unordered pair of elements; e is one constant energy per atom; f switches off
    between 0.8 and 1 cutoff by a quintic with two continuous derivatives. Fitted by bounded nonlinear least
    squares (trust-region reflective) with the analytic Jacobian. Pairs of elements that training never shows
    within the cutoff do not interact.

    Parameters
    ----------
    cutoff : float
        Å.
    energy_weight, forces_weight, stress_weight : float
        The loss is Σ weight (RMSE/σ)², σ the spread of that label in training; energies per atom.
    max_iterations : int
        Steps of the optimiser at most.
    n_starts : int
        Starts of the optimiser: the first from the first peak of each pair's distances, the others from
        random perturbations of it; the best fit stays.
    device : str
        Where predictions are made; the fit runs on the CPU.
    random_state : int or None
        Of the further starts.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    parameters_ : dict
        ``{"C-H": {"D": ..., "a": ..., "r0": ...}}`` in eV, 1/Å, Å.
    energy_per_atom_ : float
        e, eV.

    References
    ----------
    P. M. Morse, Phys. Rev. 34, 57 (1929). L. A. Girifalco and V. G. Weizer, Phys. Rev. 114, 687 (1959).

    Examples
    --------
    >>> from mlffbench.datasets.lennard_jones import lennard_jones
    >>> argon = lennard_jones(n_train=10, n_test=1)
    >>> model = Morse(cutoff=8.0).fit(argon.frames[:10], argon.labels[:10])
    >>> round(model.parameters_["Ar-Ar"]["r0"], 1)
    3.8
    """

    def __init__(
        self,
        cutoff: float = 6.0,
        energy_weight: float = 1.0,
        forces_weight: float = 1.0,
        stress_weight: float = 1.0,
        max_iterations: int = 100,
        n_starts: int = 1,
        device: str = "cpu",
        random_state: int | None = None,
        atomic_energies: Mapping[str, float] | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.stress_weight = stress_weight
        self.max_iterations = max_iterations
        self.n_starts = n_starts
        self.device = device
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"cutoff": 5.0, "max_iterations": 20, "random_state": 0}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        weights = (self.energy_weight, self.forces_weight, self.stress_weight)
        problem, pairs = pair_problem(frames, labels, self.cutoff, weights)
        theta = self._optimise(problem, len(pairs))
        self.parameters_ = {
            f"{first}-{second}": dict(zip(BOUNDS, column.tolist(), strict=True))
            for (first, second), column in zip(pairs, theta.reshape(3, -1).T, strict=True)
        }
        self.energy_per_atom_ = 0.0
        left = labels.energy - self._energies(self._prepare(frames)).cpu().numpy()
        self.energy_per_atom_ = float(np.mean(left / [len(a) for a in frames]))

    def _optimise(self, problem: PairProblem, n_kinds: int) -> np.ndarray:
        """The best of all starts, (3 n_kinds,): all D, all a, all r0."""
        if n_kinds == 0:
            return np.zeros(0)
        terms = partial(_pair_terms, distances=problem.distances, kinds=problem.kinds, cutoff=self.cutoff)
        low, high = (np.repeat([b[k] for b in BOUNDS.values()], n_kinds) for k in (0, 1))
        high[2 * n_kinds :] = self.cutoff
        rng = check_random_state(self.random_state)
        fits = []
        for start in range(self.n_starts):
            begin = _start(problem, n_kinds, self.cutoff, rng if start else None)
            fits.append(
                least_squares(
                    lambda theta: problem.residual(*terms(theta)[:2]),
                    np.clip(begin, low + 1e-6, high - 1e-6),
                    jac=lambda theta: problem.jacobian(*terms(theta)[2:], n_kinds),
                    bounds=(low, high),
                    x_scale="jac",
                    ftol=1e-6,
                    max_nfev=self.max_iterations,
                )
            )
            progress.report("fit", start + 1, self.n_starts, loss=2 * fits[-1].cost)
        return min(fits, key=lambda fit: fit.cost).x

    def _prepare(self, frames: Sequence[Atoms]) -> Graph:
        return build(frames, self.cutoff, device=self.device)

    def _evaluate(self, inputs: Graph) -> Labels:
        return as_labels(inputs, *with_forces(self._energies, inputs))

    def _energies(self, graph: Graph) -> torch.Tensor:
        """E = ½ Σ u + e·n_atoms, (n_frames,)."""
        r = graph.vectors.norm(dim=1)
        D, a, r0 = self._table(graph)[:, graph.numbers[graph.source], graph.numbers[graph.target]]
        x = torch.exp(-a * (r - r0))
        u = D * (x**2 - 2 * x) * _switch(r / self.cutoff)
        atoms = torch.full_like(graph.positions[:, 0], self.energy_per_atom_)
        return graph.sum_atoms(atoms.index_add(0, graph.source, u / 2))

    def _table(self, graph: Graph) -> torch.Tensor:
        """D, a, r0 by two atomic numbers; D = 0 for pairs never seen."""
        size = int(graph.numbers.max()) + 1
        table = torch.zeros(3, size, size, dtype=graph.positions.dtype)
        for pair, values in self.parameters_.items():
            first, second = (int(Atoms(s).numbers[0]) for s in pair.split("-"))
            if max(first, second) < size:
                entry = torch.tensor(list(values.values()), dtype=table.dtype)
                table[:, first, second] = table[:, second, first] = entry
        return table.to(graph.positions.device)


def _switch(x: torch.Tensor) -> torch.Tensor:
    """1 up to 0.8, then 1 − 10t³ + 15t⁴ − 6t⁵ down to 0 at x = 1."""
    t = ((x - SWITCH) / (1 - SWITCH)).clamp(0.0, 1.0)
    return 1 - t**3 * (10 - 15 * t + 6 * t**2)


def _switch_terms(r: np.ndarray, cutoff: float) -> tuple[np.ndarray, np.ndarray]:
    """The same switch and its derivative by r."""
    width = (1 - SWITCH) * cutoff
    t = np.clip((r - SWITCH * cutoff) / width, 0.0, 1.0)
    return 1 - t**3 * (10 - 15 * t + 6 * t**2), -30 * t**2 * (1 - t) ** 2 / width


def _pair_terms(
    theta: np.ndarray, distances: np.ndarray, kinds: np.ndarray, cutoff: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """u, u′ (p,) and their derivatives by D, a and r0 (p, 3)."""
    D, a, r0 = theta.reshape(3, -1)[:, kinds]
    f, df = _switch_terms(distances, cutoff)
    s = distances - r0
    x = np.exp(-a * s)
    well, slope = x**2 - 2 * x, 2 * a * (x - x**2)
    well_a, well_r0 = 2 * s * (x - x**2), -slope
    slope_a = 2 * (x - x**2) - 2 * a * s * (x - 2 * x**2)
    slope_r0 = 2 * a**2 * (x - 2 * x**2)
    by_value = np.column_stack([well, D * well_a, D * well_r0])
    by_slope = np.column_stack([slope, D * slope_a, D * slope_r0])
    return (
        D * well * f,
        D * (slope * f + well * df),
        by_value * f[:, None],
        by_slope * f[:, None] + by_value * df[:, None],
    )


def _start(
    problem: PairProblem, n_kinds: int, cutoff: float, rng: np.random.RandomState | None
) -> np.ndarray:
    """r0 at the first shell, a from a short list, D ≥ 0 by linear least squares; `rng` perturbs."""
    r0 = np.array([_first_shell(problem.distances[problem.kinds == k]) for k in range(n_kinds)])
    noise = np.zeros((2, n_kinds)) if rng is None else rng.normal(scale=0.2, size=(2, n_kinds))
    trials = []
    for steepness in STEEPNESS:
        theta = np.concatenate([np.ones(n_kinds), steepness * np.exp(noise[0]), r0 * np.exp(noise[1])])
        derivatives = _pair_terms(theta, problem.distances, problem.kinds, cutoff)[2:]
        per_depth = problem.jacobian(derivatives[0][:, :1], derivatives[1][:, :1], n_kinds)
        zero = np.zeros_like(problem.distances)
        depth, misfit = nnls(per_depth, -problem.residual(zero, zero))
        trials.append((misfit, np.concatenate([np.maximum(depth, 1e-3), theta[n_kinds:]])))
    return min(trials, key=lambda trial: trial[0])[1]


def _first_shell(distances: np.ndarray) -> float:
    """Where pairs are densest, each distance counted by 1/r² as a radial distribution does."""
    counts, edges = np.histogram(distances, bins=np.arange(0.0, distances.max() + 0.2, 0.1))
    centres = (edges[1:] + edges[:-1]) / 2
    return float(centres[np.argmax(counts / centres**2)])
