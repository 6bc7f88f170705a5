"""A sparse Gaussian process on SOAP: the Gaussian approximation potential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from ase import Atoms
from scipy.optimize import minimize_scalar

from mlffbench import graph
from mlffbench.data import Labels
from mlffbench.estimators import _soap_model as soap
from mlffbench.estimators._soap_kernel import Kernel, energy_rows, self_kernel
from mlffbench.estimators._whitened import WhitenedLeastSquares, stable_factor, whiten
from mlffbench.forcefield import ForceField

__all__ = ["SOAPGPR"]

CANDIDATES = 10_000  # environments of an element that sparse points are chosen from


class SOAPGPR(ForceField):
    """Sparse Gaussian process of atomic energies on SOAP: E = Σ_i ε(x_i), ε ~ GP(0, δ² (x̂·x̂')^ζ).

    A Gaussian approximation potential: Bartók et al., Phys. Rev. Lett. 104, 136403 (2010), with the SOAP
    kernel of Bartók, Kondor and Csányi, Phys. Rev. B 87, 184115 (2013). Trained on energies and on the forces
    and stresses that labels have, in the deterministic training conditional approximation
    (Quiñonero-Candela and Rasmussen, J. Mach. Learn. Res. 6, 1939 (2005)): `n_sparse` environments of each
    element, picked by farthest-point sampling, carry the function. Solved in double precision from whitened
    rows, a batch of frames at a time. The mean energy per atom is fitted apart; δ maximises the evidence.

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
    energy_noise : float
        Standard deviation of energies per square root of atoms, eV.
    forces_noise : float
        Standard deviation of force components, eV/Å.
    stress_noise : float
        Standard deviation of stress components, eV/Å³.
    batch_size : int
        Frames at a time: changes memory, not results.
    uncertainty : bool
        Whether predictions carry `energy_std`, a conservative deviation; its cost grows with the square
        of the number of sparse points.
    device : str
        Where torch computes: ``cpu``, ``cuda``.
    random_state : int, optional
        Draws the candidates for sparse points where an element has more than 10 000 environments.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    kernel_ : Kernel
        With ``kernel_.points``: the sparse points of each atomic number, unit SOAP vectors (m, n_features).
    weights_ : (n_points,) tensor
        E = Σ_i Σ_m weights_m (x̂_i·x̂_m)^ζ, eV.
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
        n_sparse: int = 1000,
        energy_noise: float = 0.001,
        forces_noise: float = 0.01,
        stress_noise: float = 0.0005,
        batch_size: int = 8,
        uncertainty: bool = True,
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
        self.energy_noise = energy_noise
        self.forces_noise = forces_noise
        self.stress_noise = stress_noise
        self.batch_size = batch_size
        self.uncertainty = uncertainty
        self.device = device
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"n_max": 3, "l_max": 2, "n_sparse": 30}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        soap.check_positive(self, "energy_noise", "forces_noise", "stress_noise", "n_sparse", "batch_size")
        self.basis_ = soap.basis_of(self, frames)
        self.energy_per_atom_, rest = soap.without_mean(frames, labels)
        self.kernel_ = kernel = Kernel(self.basis_, self.zeta, self._sparse_points(frames))
        factors = [stable_factor(kernel.among(z)) for z in kernel.points]
        problem = WhitenedLeastSquares(factors)
        noise = {
            "energy": self.energy_noise * np.sqrt([len(a) for a in frames]),
            "forces": self.forces_noise,
            "stress": self.stress_noise,
        }
        soap.add_frames(problem, kernel, frames, rest, noise, self.batch_size, self.device)
        self.variance_ = _best_variance(problem)
        self.weights_, factor = problem.solve(self.variance_)
        self._posterior_ = (factors, factor)

    def _sparse_points(self, frames: Sequence[Atoms]) -> dict[int, torch.Tensor]:
        rng = np.random.default_rng(self.random_state)
        numbers = np.concatenate([a.numbers for a in frames])
        keep = np.zeros(len(numbers), dtype=bool)
        for z in np.unique(numbers):
            atoms = np.flatnonzero(numbers == z)
            keep[atoms if len(atoms) <= CANDIDATES else rng.choice(atoms, CANDIDATES, replace=False)] = True
        unit = soap.unit_vectors(frames, self.basis_, keep, self.batch_size, self.device)
        kept = torch.as_tensor(numbers[keep], device=unit.device)
        return {
            z: candidates[_farthest(candidates, self.n_sparse)]
            for z in self.basis_.numbers
            for candidates in [unit[kept == z]]
        }

    def _prepare(self, frames: Sequence[Atoms]) -> list[graph.Graph]:
        return list(soap.graphs(frames, self.basis_, self.batch_size, self.device))

    def _evaluate(self, inputs: list[graph.Graph]) -> Labels:
        kernel = self.kernel_
        labels, rows, prior = [], [], []
        for batch in inputs:
            predicted, unit = soap.predict(batch, kernel, self.weights_, self.energy_per_atom_)
            labels.append(predicted)
            if self.uncertainty:
                rows.append(energy_rows(batch, unit, kernel))
                prior.append(self_kernel(batch, unit, kernel))
        std = self._energy_std(torch.cat(rows), torch.cat(prior)) if self.uncertainty else None
        return replace(soap.concatenate(labels), energy_std=std)

    def _energy_std(self, rows: torch.Tensor, prior: torch.Tensor) -> np.ndarray:
        """√(δ²(k_** − q_**) + k_*ᵀ Σ k_*), the predictive deviation of noise-free energies."""
        factors, factor = self._posterior_
        white = whiten(rows, factors)
        learned = torch.linalg.solve_triangular(factor, white.T, upper=False)
        unseen = (prior - (white * white).sum(dim=1)).clamp(min=0.0)
        variance = self.variance_ * (unseen + (learned * learned).sum(dim=0))
        return variance.sqrt().cpu().numpy()


def _farthest(points: torch.Tensor, n: int, tolerance: float = 1e-7) -> torch.Tensor:
    """Indices of up to n unit vectors, each the farthest from those before; the first is the least typical.

    Stops where every point left is nearer than `tolerance` to one that was taken.
    """
    score = 1 - points @ torch.nn.functional.normalize(points.mean(dim=0), dim=0)
    chosen = [int(score.argmax())]
    distance = torch.full_like(score, torch.inf)
    while len(chosen) < min(n, len(points)):
        distance = torch.minimum(distance, 1 - points @ points[chosen[-1]])
        next_ = int(distance.argmax())
        if distance[next_] <= tolerance**2:
            break
        chosen.append(next_)
    return torch.tensor(chosen, device=points.device)


def _best_variance(problem: WhitenedLeastSquares) -> float:
    """δ² of largest evidence between 1e-6 and 1e6 eV²."""
    search = lambda x: -problem.log_evidence(10.0**x)  # noqa: E731
    return float(10.0 ** minimize_scalar(search, bounds=(-6, 6), method="bounded", options={"xatol": 0.1}).x)
