"""Kernel ridge regression on SOAP whose representers are energies and force components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels, concatenate
from mlffbench.descriptors.cache import Cache
from mlffbench.descriptors.graph import Graph
from mlffbench.forcefield import ForceField
from mlffbench.potentials.regression.whitened_least_squares import WhitenedLeastSquares, stable_factor
from mlffbench.potentials.soap import training_batches as soap
from mlffbench.potentials.soap.derivative_kernel import Representers, State, rows, states
from mlffbench.potentials.soap.kernel import Kernel, power_excess
from mlffbench.potentials.soap.sparse_points import principal_axes
from mlffbench.system import progress

__all__ = ["SOAPKernelRidge"]

KEPT_BYTES = 1e9  # derivatives of descriptors up to this size are computed once
CANDIDATES = 4000  # environments of an element that its axes are found from


class SOAPKernelRidge(ForceField):
    """Kernel ridge regression on energies, forces and stresses, with the sum-of-environments SOAP kernel.

    With the kernel between frames k(S, T) = Σ_Z Σ_{i∈S, j∈T of element Z} (x̂_i·x̂_j)^ζ (Bartók, Kondor and
    Csányi, Phys. Rev. B 87, 184115 (2013); De et al., Phys. Chem. Chem. Phys. 18, 13754 (2016)) it solves

        min_E  w_E Σ_T (E_T − E(T))² + w_F Σ_T |F_T + ∇E(T)|² + w_S Σ_T |σ_T − V⁻¹∂E/∂ε(T)|² + λ ‖E‖²_k .

    By the representer theorem E(S) = Σ_T α_T k(S, T) − Σ_Tj β_Tj·∂k(S, T)/∂r_Tj + ...: a weight for every
    energy, force component and stress, as in gradient-domain machine learning (Chmiela et al., Sci. Adv. 3,
    e1603015 (2017)) and the operator models of Christensen and von Lilienfeld, Mach. Learn.: Sci. Technol. 1,
    045018 (2020). Where there are more than `n_representers` labels, that many carry the function: all
    energies and, of every frame, random other labels; all labels remain targets. With no more labels the
    solution is the exact one, and on energies alone textbook kernel ridge regression, (K + λ) α = E. The
    mean energy per atom is fitted apart.

    Parameters
    ----------
    cutoff : float
        Range of the radial functions, Å; neighbours fade out until 3.7 sigma beyond it.
    n_max, l_max, sigma
        Radial functions, largest angular degree, and width of the atoms' Gaussians in Å: see `SOAP`.
    zeta : float
        Exponent of the kernel, at least 1.
    alpha : float
        λ, the weight of the function's norm, eV² at w_E = 1.
    energy_weight, forces_weight, stress_weight : float
        w_E (dimensionless), w_F (Å²) and w_S (Å⁶).
    n_representers : int
        Labels that carry the function; time grows with the square, memory too.
    batch_size : int
        Frames at a time: changes memory, not results.
    device : str
        Where torch computes: ``cpu``, ``cuda``.
    random_state : int, optional
        Draws the representers where there are more labels.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    dual_coef_ : (m,) tensor
        The weights of energies (eV), forces (eV Å) and stresses.
    kernel_ : Kernel
        With ``kernel_.points``: the training atoms by atomic number, on ``kernel_.axes``.
    energy_weights_, slope_weights_ : dict of int to (n_points,) and (n_points, d) tensors
        E = Σ_i Σ_m a_m (x̂_i·x̂_m)^ζ + ζ (x̂_i·x̂_m)^{ζ−1} x̂_i·A g_m, the same function by atoms.
    energy_per_atom_ : float
        The mean, eV.

    Examples
    --------
    >>> from ase.build import molecule
    >>> frames = [molecule("H2O") for _ in range(3)]
    >>> for k, atoms in enumerate(frames): atoms.positions[0, 2] += 0.02 * k
    >>> model = SOAPKernelRidge(n_max=3, l_max=2).fit(frames, [-14.0, -13.9, -13.7])
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
        alpha: float = 1e-6,
        energy_weight: float = 1.0,
        forces_weight: float = 1.0,
        stress_weight: float = 400.0,
        n_representers: int = 3000,
        batch_size: int = 16,
        device: str = "cpu",
        random_state: int | None = 0,
        atomic_energies: Mapping[str, float] | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.n_max = n_max
        self.l_max = l_max
        self.sigma = sigma
        self.zeta = zeta
        self.alpha = alpha
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.stress_weight = stress_weight
        self.n_representers = n_representers
        self.batch_size = batch_size
        self.device = device
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"n_max": 3, "l_max": 2, "n_representers": 150}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        weights = ("energy_weight", "forces_weight", "stress_weight")
        soap.check_positive(self, "alpha", *weights, "n_representers", "batch_size")
        rng = np.random.default_rng(self.random_state)
        self.basis_ = soap.basis_of(self, frames)
        self.energy_per_atom_, rest = soap.without_mean(frames, labels)
        batches = soap.Batches(frames, rest, self.basis_, self.batch_size, self.device)
        axes = self._axes(batches, rng)
        described = _States(batches, axes)
        targets = [_targets(frames[i], rest[i : i + 1]) for i in range(len(frames))]
        representers = Representers.of(self._chosen(described, targets, rng), axes)
        self._solve(frames, described, targets, representers)
        flat = {z: representers.flat(self.dual_coef_, z) for z in axes}
        self.kernel_ = Kernel(self.basis_, float(self.zeta), axes, {z: q for z, (q, _, _) in flat.items()})
        self.energy_weights_ = {z: a for z, (_, a, _) in flat.items()}
        self.slope_weights_ = {z: g for z, (_, _, g) in flat.items()}

    def _axes(self, batches: soap.Batches, rng: np.random.Generator) -> dict[int, torch.Tensor]:
        numbers = batches.numbers
        keep = np.zeros(len(numbers), dtype=bool)
        for z in self.basis_.numbers:
            atoms = np.flatnonzero(numbers == z)
            keep[rng.permutation(atoms)[:CANDIDATES]] = True
        units = batches.units(keep)
        of = lambda z: units[torch.as_tensor(numbers[keep] == z, device=units.device)]
        return {z: principal_axes(of(z)) for z in self.basis_.numbers}

    def _chosen(self, described: _States, targets: list[np.ndarray], rng: np.random.Generator) -> list[State]:
        """The frames with the labels that become representers: the same share of every frame's labels."""
        known = [np.flatnonzero(~np.isnan(t[1:])) for t in targets]
        room, n = self.n_representers - len(targets), sum(map(len, known))
        share = min(1.0, max(0, room) / max(n, 1))
        drawn = [np.sort(rng.permutation(k)[: round(share * len(k))]) for k in known]
        chosen = [state.only(torch.as_tensor(d)) for state, d in zip(described, drawn, strict=True)]
        if room >= 0:
            return chosen
        return [chosen[i] for i in np.sort(rng.permutation(len(chosen))[: self.n_representers])]

    def _solve(
        self,
        frames: Sequence[Atoms],
        described: _States,
        targets: list[np.ndarray],
        representers: Representers,
    ) -> None:
        problem = WhitenedLeastSquares([stable_factor(_among(representers, float(self.zeta)))])
        for i, state in enumerate(described):
            target, deviation = (
                torch.as_tensor(x, device=self.device) for x in (targets[i], self._deviations(frames[i]))
            )
            there = ~target.isnan()
            k = rows(state, representers, float(self.zeta))
            problem.add(k[there], target[there], deviation[there])
            if (i + 1) % self.batch_size == 0 or i + 1 == len(frames):
                progress.report("fit", i + 1, len(frames))
        self.dual_coef_, _ = problem.solve(1 / self.alpha)

    def _deviations(self, atoms: Atoms) -> np.ndarray:
        """1/√w of the energy, the forces and, in a cell, the stresses of a frame."""
        stress = [self.stress_weight] * (6 if atoms.pbc.all() else 0)
        weights = [self.energy_weight, *[self.forces_weight] * (3 * len(atoms)), *stress]
        return np.array(weights) ** -0.5

    def _prepare(self, frames: Sequence[Atoms]) -> list[Graph]:
        return list(soap.graphs(frames, self.basis_, self.batch_size, self.device))

    def _evaluate(self, inputs: list[Graph]) -> Labels:
        return concatenate(
            [soap.predict(g, self.basis_, self._energies, self.energy_per_atom_)[0] for g in inputs]
        )

    def _energies(self, graph: Graph, unit: torch.Tensor) -> torch.Tensor:
        zeta, local = self.kernel_.zeta, unit.new_zeros(len(graph.numbers))
        for number, atoms, q, excess in self.kernel_.cosines(graph, unit):
            a, g = self.energy_weights_[number], self.slope_weights_[number]
            slope = zeta * (1 + power_excess(excess, zeta - 1)) if zeta != 1 else 1.0
            by_slopes = (slope * (q @ g.T)).sum(dim=1)
            local = local.index_add(0, atoms, power_excess(excess, zeta) @ a + a.sum() + by_slopes)
        return graph.sum_atoms(local)


class _States:
    """All training frames one after the other; described once as far as memory allows."""

    def __init__(self, batches: soap.Batches, axes: Mapping[int, torch.Tensor]) -> None:
        self.n_batches = len(batches)
        self._cache = Cache(lambda ks: [states(batches[k], batches.basis, axes) for k in ks], KEPT_BYTES)

    def __iter__(self) -> Iterator[State]:
        return (state for k in range(self.n_batches) for state in self._cache[[k]][0])


def _targets(atoms: Atoms, labels: Labels) -> np.ndarray:
    """Energy, forces and, in a cell, stresses of one frame; what is not known is NaN."""
    forces = None if labels.forces is None else labels.forces[0]
    stress = None if labels.stress is None else labels.stress[0]
    parts = [labels.energy, np.full(3 * len(atoms), np.nan) if forces is None else np.ravel(forces)]
    if atoms.pbc.all():
        parts.append(np.full(6, np.nan) if stress is None else stress)
    return np.concatenate(parts)


def _among(representers: Representers, zeta: float) -> torch.Tensor:
    """The kernel between the representers."""
    found = representers.units[next(iter(representers.units))].new_zeros(len(representers), len(representers))
    n = len(representers.counts)
    starts = n + (representers.counts.cumsum(0) - representers.counts)
    for i, (start, count) in enumerate(zip(starts.tolist(), representers.counts.tolist(), strict=True)):
        units = {z: q[i][q[i].any(dim=1)] for z, q in representers.units.items()}
        slopes = {z: s[i, : len(units[z]), :, :count].mT for z, s in representers.slopes.items()}
        block = rows(State(units, slopes), representers, zeta)
        found[i], found[start : start + count] = block[0], block[1:]
    return found
