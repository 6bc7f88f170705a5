"""Predictive variances of a sparse Gaussian process on SOAP."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mlffbench.potentials.regression.whitened_least_squares import whiten
from mlffbench.potentials.soap.environments import Environments, slopes
from mlffbench.potentials.soap.kernel import Kernel, energy_rows, gradient_rows, self_kernel

__all__ = ["Posterior", "forces_prior"]


@dataclass(frozen=True)
class Posterior:
    """Var = δ²(k_** − |b|²) + δ²|R⁻¹b|² of noise-free values, b = L⁻¹k_* and R Rᵀ = 1 + δ²BᵀB.

    The first term is what the sparse points do not span, the second what the data left open within it.
    """

    kernel: Kernel
    factors: list[torch.Tensor]  # L of each element
    factor: torch.Tensor  # R
    variance: float  # δ²

    def energy_std(self, environments: Environments) -> torch.Tensor:
        """(n_frames,), eV."""
        rows = energy_rows(environments, self.kernel)
        return self._std(rows, self_kernel(environments, self.kernel))

    def forces_std(self, environments: Environments) -> torch.Tensor:
        """(n_atoms, 3), eV/Å."""
        rows, _ = gradient_rows(environments, self.kernel, stress=False)
        prior = forces_prior(environments, self.kernel)
        return self._std(rows.flatten(0, 1), prior.flatten()).view_as(prior)

    def _std(self, rows: torch.Tensor, prior: torch.Tensor) -> torch.Tensor:
        white = whiten(rows, self.factors)
        left = torch.linalg.solve_triangular(self.factor, white.T, upper=False)
        outside = (prior - (white * white).sum(dim=1)).clamp(min=0.0)
        return (self.variance * (outside + (left * left).sum(dim=0))).sqrt()


def forces_prior(environments: Environments, kernel: Kernel) -> torch.Tensor:
    """∂²Σ_ij k(x_i, x_j)/∂r∂r' at r = r', (n_atoms, 3).

    A term is ζc^{ζ−1} D_i·D_j + ζ(ζ−1)c^{ζ−2} (D_i·x̂_j)(x̂_i·D_j), c = x̂_i·x̂_j and D_i = ∂x̂_i/∂r.
    """
    graph, unit, zeta = environments.graph, environments.unit, kernel.zeta
    total = unit.new_zeros(len(graph.numbers), 3)
    axes = torch.eye(unit.shape[1], dtype=unit.dtype, device=unit.device)
    for number in kernel.points:
        moved = slopes(environments, kernel.basis, number, axes)
        for atom in graph.numbers.new_tensor(range(len(graph.numbers))):
            here = moved.target == atom
            d, x = moved.values[here], unit[moved.source[here]]
            cosine = (x @ x.T).clamp(min=0.0)
            cross = torch.einsum("iaf,jf->aij", d, x)
            first = (torch.einsum("iaf,jaf->aij", d, d) * cosine ** (zeta - 1)).sum(dim=(1, 2))
            second = (cross * cross.mT * cosine ** (zeta - 2)).sum(dim=(1, 2)) if zeta > 1 else 0.0
            total[atom] += zeta * first + zeta * (zeta - 1) * second
    return total
