"""A sparse Gaussian process on SOAP: the Gaussian approximation potential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels, concatenate
from mlffbench.descriptors.graph import Graph
from mlffbench.forcefield import ForceField
from mlffbench.potentials.regression.whitened_least_squares import WhitenedLeastSquares, stable_factor
from mlffbench.potentials.soap import training_batches as soap
from mlffbench.potentials.soap.environments import Environments
from mlffbench.potentials.soap.kernel import Kernel, energies
from mlffbench.potentials.soap.marginal_likelihood import best_hyperparameters, best_variance
from mlffbench.potentials.soap.predictive_variance import Posterior
from mlffbench.potentials.soap.sparse_points import METHODS, cur, farthest, principal_axes
from mlffbench.system import progress

__all__ = ["SOAPGPR"]

CANDIDATES = 10_000  # environments of an element that sparse points are chosen from
SUBSET = 1000  # atoms of the frames that hyperparameters are optimised on
UNCERTAINTIES = (False, True, "energy", "forces")


class SOAPGPR(ForceField):
    """Sparse Gaussian process of atomic energies on SOAP: E = Σ_i ε(x_i), ε ~ GP(0, δ² (x̂·x̂')^ζ).

    A Gaussian approximation potential: Bartók et al., Phys. Rev. Lett. 104, 136403 (2010), with the SOAP
    kernel of Bartók, Kondor and Csányi, Phys. Rev. B 87, 184115 (2013). Trained on energies and on the forces
    and stresses that labels have, in the deterministic training conditional approximation
    (Quiñonero-Candela and Rasmussen, J. Mach. Learn. Res. 6, 1939 (2005)): `n_sparse` environments of each
    element carry the function. Solved in double precision from whitened rows, a batch of frames at a time.
    The mean energy per atom is fitted apart; δ maximises the evidence. `partial_fit` adds frames to the same
    sparse points: their number and not that of the frames decides how much is kept.

    Parameters
    ----------
    cutoff : float
        Range of the radial functions, Å; neighbours fade out until 3.7 sigma beyond it.
    n_max, l_max, sigma
        Radial functions, largest angular degree, and width of the atoms' Gaussians in Å: see `SOAP`.
    zeta : float
        Exponent of the kernel, at least 1.
    n_sparse : int
        Sparse points of each element; the most important choice between accuracy and time.
    sparse_method : {"farthest_point", "cur"}
        How they are chosen: the farthest from those before, or drawn by leverage score (CUR).
    energy_noise : float
        Standard deviation of energies per square root of atoms, eV.
    forces_noise : float
        Standard deviation of force components, eV/Å.
    stress_noise : float
        Standard deviation of stress components, eV/Å³.
    optimize : bool
        Replace the noises, δ and `zeta` by those that maximise the marginal likelihood of some frames (about
        1000 atoms), under log-normal priors around the values given.
    descriptor : {"torch", "dscribe"}
        Who computes SOAP: the project's batched code, or dscribe with its analytic derivatives, which are
        for molecules only and end with a small step at the cutoff.
    batch_size : int
        Frames at a time: changes memory, not results.
    uncertainty : {False, True, "energy", "forces"}
        Whether predictions carry `energy_std` (True or "energy") and `forces_std` as well ("forces"). An
        energy costs n_points² multiplications, forces that for every component: many times a prediction.
    device : str
        Where torch computes: ``cpu``, ``cuda``.
    random_state : int, optional
        Draws the candidates for sparse points where an element has more than 10 000 environments, the points
        of "cur", and the frames of `optimize`.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    kernel_ : Kernel
        ``kernel_.points``: the sparse points of each atomic number, on ``kernel_.axes``; ``kernel_.zeta``.
    weights_ : (n_points,) tensor
        E = Σ_i Σ_m weights_m (x̂_i·x̂_m)^ζ, eV.
    noise_ : dict of str to float
        The noise of ``energy`` (per √n_atoms), ``forces`` and ``stress`` that was used.
    variance_ : float
        δ², eV².
    energy_per_atom_ : float
        The mean, eV.

    Examples
    --------
    >>> from ase.build import molecule
    >>> frames = [molecule("H2O") for _ in range(3)]
    >>> for k, atoms in enumerate(frames): atoms.positions[0, 2] += 0.02 * k
    >>> model = SOAPGPR(n_max=3, l_max=2).fit(frames, [-14.0, -13.9, -13.7])
    >>> bool((abs(model.predict(frames).energy - [-14.0, -13.9, -13.7]) < 0.02).all())
    True
    """

    def __init__(
        self,
        cutoff: float = 4.0,
        n_max: int = 6,
        l_max: int = 4,
        sigma: float = 0.3,
        zeta: float = 2.0,
        n_sparse: int = 2000,
        sparse_method: str = "farthest_point",
        energy_noise: float = 0.001,
        forces_noise: float = 0.01,
        stress_noise: float = 0.0005,
        optimize: bool = False,
        descriptor: str = "torch",
        batch_size: int = 16,
        uncertainty: bool | str = True,
        device: str = "cpu",
        random_state: int | None = None,
        atomic_energies: Mapping[str, float] | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.n_max = n_max
        self.l_max = l_max
        self.sigma = sigma
        self.zeta = zeta
        self.n_sparse = n_sparse
        self.sparse_method = sparse_method
        self.energy_noise = energy_noise
        self.forces_noise = forces_noise
        self.stress_noise = stress_noise
        self.optimize = optimize
        self.descriptor = descriptor
        self.batch_size = batch_size
        self.uncertainty = uncertainty
        self.device = device
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"n_max": 3, "l_max": 2, "n_sparse": 30}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self._check_parameters()
        rng = np.random.default_rng(self.random_state)
        self.basis_ = soap.basis_of(self, frames)
        self.energy_per_atom_, rest = soap.without_mean(frames, labels)
        self.noise_ = {"energy": self.energy_noise, "forces": self.forces_noise, "stress": self.stress_noise}
        zeta, variance = float(self.zeta), None
        if self.optimize:
            some = _subset(frames, rng)
            batches = self._batches([frames[i] for i in some], rest[some])
            kernel = self._kernel(batches, zeta, rng)
            noise, variance, zeta = best_hyperparameters(batches, kernel, self.noise_)
            self.noise_ |= noise
        batches = self._batches(frames, rest)
        self.kernel_ = self._kernel(batches, zeta, rng)
        self._problem = WhitenedLeastSquares(
            [stable_factor(self.kernel_.among(z)) for z in self.kernel_.points]
        )
        self._learn(batches)
        self.variance_ = best_variance(self._problem) if variance is None else variance
        self._solve()

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        sizes = np.array([len(a) for a in frames])
        rest = replace(labels, energy=labels.energy - self.energy_per_atom_ * sizes)
        self._learn(self._batches(frames, rest))
        self._solve()

    def _learn(self, batches: soap.Batches) -> None:
        """Add the rows of all batches to the problem."""
        for k in range(len(batches)):
            for kind, rows, targets, unit in batches.rows(k, self.kernel_, list(self.noise_)):
                self._problem.add(rows, targets, self.noise_[kind] * unit)
            progress.report("fit", min(batches.parts[k].stop, len(batches.frames)), len(batches.frames))

    def _solve(self) -> None:
        self.weights_, factor = self._problem.solve(self.variance_)
        self._factor: torch.Tensor | None = factor

    def _posterior(self) -> Posterior:
        if self._factor is None:  # after loading
            self._factor = self._problem.factor(self.variance_)
        return Posterior(self.kernel_, self._problem.factors, self._factor, self.variance_)

    def _kernel(self, batches: soap.Batches, zeta: float, rng: np.random.Generator) -> Kernel:
        """The sparse points, chosen among at most `CANDIDATES` environments of each element."""
        numbers = batches.numbers
        keep = np.zeros(len(numbers), dtype=bool)
        for z in self.basis_.numbers:
            atoms = np.flatnonzero(numbers == z)
            keep[atoms if len(atoms) <= CANDIDATES else rng.choice(atoms, CANDIDATES, replace=False)] = True
        units = batches.units(keep)
        axes, points = {}, {}
        for z in self.basis_.numbers:
            candidates = units[torch.as_tensor(numbers[keep] == z, device=units.device)]
            axes[z] = principal_axes(candidates)
            on_axes = candidates @ axes[z]
            by_leverage = self.sparse_method == "cur"
            chosen = cur(on_axes, self.n_sparse, rng) if by_leverage else farthest(on_axes, self.n_sparse)
            points[z] = on_axes[chosen]
        return Kernel(self.basis_, zeta, axes, points)

    def _batches(self, frames: Sequence[Atoms], labels: Labels) -> soap.Batches:
        return soap.Batches(frames, labels, self.basis_, self.batch_size, self.device)

    def _prepare(self, frames: Sequence[Atoms]) -> list[Graph]:
        return list(soap.graphs(frames, self.basis_, self.batch_size, self.device))

    def _evaluate(self, inputs: list[Graph]) -> Labels:
        predict = lambda graph, unit: energies(graph, unit, self.kernel_, self.weights_)
        found = [soap.predict(graph, self.basis_, predict, self.energy_per_atom_) for graph in inputs]
        return concatenate([self._with_std(*each) if self.uncertainty else each[0] for each in found])

    def _with_std(self, labels: Labels, environments: Environments) -> Labels:
        forces = self.uncertainty == "forces"
        labels = replace(labels, energy_std=self._posterior().energy_std(environments).cpu().numpy())
        if not forces:
            return labels
        graph = environments.graph
        sizes = torch.bincount(graph.frame, minlength=graph.n_frames).tolist()
        parts = self._posterior().forces_std(environments).cpu().split(sizes)
        return replace(labels, forces_std=tuple(p.numpy() for p in parts))

    def _check_parameters(self) -> None:
        soap.check_positive(self, "energy_noise", "forces_noise", "stress_noise", "n_sparse", "batch_size")
        if self.sparse_method not in METHODS:
            raise ValueError(f"sparse_method must be one of {METHODS}; got {self.sparse_method!r}")
        if self.uncertainty not in UNCERTAINTIES:
            raise ValueError(f"uncertainty must be one of {UNCERTAINTIES}; got {self.uncertainty!r}")

    def _check_supported(self, frames: list[Atoms]) -> list[Atoms]:
        if self.descriptor == "dscribe" and any(a.pbc.any() for a in frames):
            raise ValueError(
                "dscribe's analytic derivatives are for molecules; for periodic frames use descriptor='torch'"
            )
        return super()._check_supported(frames)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "_problem" in state:
            state |= {"_problem": state["_problem"].state(), "_factor": None}  # which follows from the rest
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "_problem" in state:
            self._problem = WhitenedLeastSquares.from_state(state["_problem"])


def _subset(frames: Sequence[Atoms], rng: np.random.Generator) -> np.ndarray:
    """Random frames with `SUBSET` atoms together, at least two."""
    order = rng.permutation(len(frames))
    enough = np.searchsorted(np.cumsum([len(frames[i]) for i in order]), SUBSET)
    return np.sort(order[: max(2, int(enough))])
