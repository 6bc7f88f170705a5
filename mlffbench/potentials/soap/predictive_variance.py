"""Predictive variances of a sparse Gaussian process on SOAP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from mlffbench.potentials.regression.whitened_least_squares import whiten
from mlffbench.potentials.soap.environments import Environments, numbers_at_once, unit_jacobian
from mlffbench.potentials.soap.kernel import Kernel, gradient_rows

__all__ = ["Posterior", "forces_prior"]


@dataclass(frozen=True)
class Posterior:
    """Var = δ²(k_** − |b|²) + δ²|R⁻¹b|² of noise-free values, b = L⁻¹k_* and R Rᵀ = 1 + δ²BᵀB.

    The first term is the prior variance that the sparse points do not span, the second the variance that the
    data leave within their span.
    """

    kernel: Kernel
    factors: list[torch.Tensor]  # L of each element
    factor: torch.Tensor  # R
    variance: float  # δ²

    def forces_std(self, environments: Environments) -> torch.Tensor:
        """Standard deviations of force components, (n_atoms, 3) eV/Å."""
        rows, _ = gradient_rows(environments, self.kernel, stress=False)
        prior = forces_prior(environments, self.kernel)
        return self.std(rows.flatten(0, 1), prior.flatten()).view_as(prior)

    def std(self, rows: torch.Tensor, prior: torch.Tensor) -> torch.Tensor:
        """Standard deviations from kernel rows (r, m) and prior variances over δ² (r,)."""
        white = whiten(rows, self.factors)
        remaining = torch.linalg.solve_triangular(self.factor, white.T, upper=False)
        outside = (prior - (white * white).sum(dim=1)).clamp(min=0.0)
        return (self.variance * (outside + (remaining * remaining).sum(dim=0))).sqrt()


def forces_prior(environments: Environments, kernel: Kernel) -> torch.Tensor:
    """∂²Σ_ij k(x_i, x_j)/∂r∂r' at r = r', (n_atoms, 3).

    A term is ζc^{ζ−1} D_i·D_j + ζ(ζ−1)c^{ζ−2} (D_i·x̂_j)(x̂_i·D_j), c = x̂_i·x̂_j and D_i = ∂x̂_i/∂r.
    """
    graph, unit = environments.graph, environments.unit
    total = unit.new_zeros(len(graph.numbers), 3)
    axes = torch.eye(unit.shape[1], dtype=unit.dtype, device=unit.device)
    for number in kernel.points:
        jacobian = unit_jacobian(environments, kernel.basis, number, axes)
        for targets, pairs, real in _padded_by_target(jacobian.target, 3 * unit.shape[1]):
            d, x = jacobian.values[pairs], unit[jacobian.source[pairs]]  # (t, w, 3, f), (t, w, f)
            total[targets] += _sum_over_centres(d, x, real, kernel.zeta)
    return total


def _sum_over_centres(d: torch.Tensor, x: torch.Tensor, real: torch.Tensor, zeta: float) -> torch.Tensor:
    """Σ_ij of the terms of `forces_prior` for each of t moved atoms, over its w centres: (t, 3)."""
    padding = ~(real[:, :, None] & real[:, None])
    cosine = (x @ x.mT).clamp(min=0.0)
    power = lambda exponent: (cosine**exponent).masked_fill_(padding, 0.0)[:, None]  # (t, 1, w, w)
    d = d.transpose(1, 2).contiguous()  # (t, 3, w, f)
    first = (d @ d.mT).mul_(power(zeta - 1)).sum(dim=(2, 3))
    if zeta == 1:
        return first
    cross = d @ x[:, None].mT
    second = (cross * cross.mT).mul_(power(zeta - 2)).sum(dim=(2, 3))
    return zeta * first + zeta * (zeta - 1) * second


def _padded_by_target(
    target: torch.Tensor, size: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Yield moved atoms (t,), their pairs (t, w) padded to the same number, and a mask (t, w) of the padding.

    Parts fit into a temporary where a pair has `size` of them. Atoms with similar numbers of pairs
    come together.
    """
    atoms, counts = target.unique(return_counts=True)
    starts = counts.cumsum(0) - counts
    pairs = torch.argsort(target, stable=True)
    order = torch.argsort(counts)
    widest = int(counts.max()) if len(counts) else 1
    for part in order.split(max(1, numbers_at_once(target) // (size * widest))):
        place = torch.arange(int(counts[part].max()) if len(part) else 0, device=target.device)
        real = place < counts[part, None]
        yield atoms[part], pairs[(starts[part, None] + place).clamp(max=len(pairs) - 1)], real
