"""Kernel ridge regression on SOAP, every training structure a representer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.estimators import _soap_model as soap
from mlffbench.estimators._soap_kernel import Kernel
from mlffbench.estimators._whitened import WhitenedLeastSquares, stable_factor
from mlffbench.forcefield import ForceField
from mlffbench.graph import Graph

__all__ = ["SOAPKernelRidge"]

PerElement = dict[int, torch.Tensor]  # by atomic number


class SOAPKernelRidge(ForceField):
    """Kernel ridge regression on energies and forces, with the sum-of-environments SOAP kernel.

    The prediction is E(S) = Σ_T Σ_Z α_TZ k_Z(S, T): one representer for every training structure T and
    element Z, with k_Z(S, T) = Σ_{i∈S, j∈T of element Z} (x̂_i·x̂_j)^ζ (Bartók, Kondor and Csányi,
    Phys. Rev. B 87, 184115 (2013); De et al., Phys. Chem. Chem. Phys. 18, 13754 (2016)). It solves

        min_α  w_E Σ_T (E_T − E(T))² + w_F Σ_T |F_T + ∇E(T)|² + λ Σ_Z α_Zᵀ K_Z α_Z .

    Trained on energies alone with w_E = 1 this is textbook kernel ridge regression, (K + λ) α = E with
    K = Σ_Z K_Z. Forces enter as targets, not as representers of their own, which is what the "operator"
    models of Christensen and von Lilienfeld, Mach. Learn.: Sci. Technol. 1, 045018 (2020), do with atoms.
    No sparse points are chosen and nothing is random; the cost grows with the square of the training set.
    Stresses are predicted but not trained on. The mean energy per atom is fitted apart.

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
    energy_weight, forces_weight : float
        w_E (dimensionless) and w_F (Å²).
    batch_size : int
        Frames at a time: changes memory, not results.
    device : str
        Where torch computes: ``cpu``, ``cuda``.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    kernel_ : Kernel
        With ``kernel_.points``: the unit SOAP vectors of all training atoms, by atomic number.
    dual_coef_ : dict of int to (n_frames,) tensor
        α_TZ by atomic number, eV; zero where a structure lacks the element.
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
        batch_size: int = 8,
        device: str = "cpu",
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
        self.batch_size = batch_size
        self.device = device
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"n_max": 3, "l_max": 2}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        soap.check_positive(self, "alpha", "energy_weight", "forces_weight", "batch_size")
        self.basis_ = soap.basis_of(self, frames)
        self.energy_per_atom_, rest = soap.without_mean(frames, labels)
        points, owners = self._representers(frames)
        self.kernel_ = kernel = Kernel(self.basis_, self.zeta, points)
        factors = [stable_factor(_gram(kernel, z, owner)) for z, owner in owners.items()]
        starts = np.cumsum([0, *(len(f) for f in factors)])
        group = torch.cat([o + int(start) for o, start in zip(owners.values(), starts, strict=False)])
        problem = WhitenedLeastSquares(factors)
        deviations = {
            "energy": np.full(len(frames), self.energy_weight**-0.5),
            "forces": self.forces_weight**-0.5,
        }
        fold = lambda rows: rows.new_zeros(len(rows), int(starts[-1])).index_add_(1, group, rows)  # noqa: E731
        soap.add_frames(problem, kernel, frames, rest, deviations, self.batch_size, self.device, fold)
        solution, _ = problem.solve(1 / self.alpha)
        self.dual_coef_ = dict(zip(owners, solution.split([len(f) for f in factors]), strict=True))
        self.weights_ = solution[group]

    def _representers(self, frames: Sequence[Atoms]) -> tuple[PerElement, PerElement]:
        """The vectors of all atoms, and the rank of each one's frame among those that have its element."""
        numbers = np.concatenate([a.numbers for a in frames])
        frame = np.repeat(np.arange(len(frames)), [len(a) for a in frames])
        unit = soap.unit_vectors(
            frames, self.basis_, np.ones(len(numbers), dtype=bool), self.batch_size, self.device
        )
        points, owners = {}, {}
        for z in self.basis_.numbers:
            atoms = np.flatnonzero(numbers == z)
            points[z] = unit[torch.as_tensor(atoms, device=unit.device)]
            owners[z] = torch.as_tensor(np.unique(frame[atoms], return_inverse=True)[1], device=unit.device)
        return points, owners

    def _prepare(self, frames: Sequence[Atoms]) -> list[Graph]:
        return list(soap.graphs(frames, self.basis_, self.batch_size, self.device))

    def _evaluate(self, inputs: list[Graph]) -> Labels:
        predict = lambda batch: soap.predict(batch, self.kernel_, self.weights_, self.energy_per_atom_)[0]  # noqa: E731
        return soap.concatenate([predict(batch) for batch in inputs])


def _gram(kernel: Kernel, number: int, owner: torch.Tensor) -> torch.Tensor:
    """K_Z between structures: the kernel between their atoms of one element, summed; some atoms at a time."""
    points, n = kernel.points[number], int(owner.max()) + 1
    total = points.new_zeros(n, n)
    for atoms in torch.arange(len(points), device=points.device).split(1000):
        k = (points[atoms] @ points.T) ** kernel.zeta
        total.index_add_(0, owner[atoms], k.new_zeros(len(atoms), n).index_add_(1, owner, k))
    return (total + total.T) / 2
