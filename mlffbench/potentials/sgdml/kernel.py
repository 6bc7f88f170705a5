"""The kernel of symmetric gradient-domain learning: covariances of forces, summed over permutations.

With inverse distances x, J = ∂x/∂r, δ = x − P x' and s = √5 |δ|/σ, the Matérn-5/2 function
(1 + s + s²/3) e^(−s) gives

K(r, r') = Σ_P Jᵀ [a·1 − b δδᵀ] P J',   a = 5/(3σ²) (1 + s) e^(−s),   b = 25/(3σ⁴) e^(−s).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from mlffbench.potentials.sgdml.inverse_distances import Points

__all__ = ["Field", "Kernel"]

CHUNK = 2**16  # distances at a time in `Field`: what a cache holds


@dataclass(frozen=True)
class Field:
    """The energy E(x) = −Σ_P Σ_j a δ·w_j, δ = P x − x_j, of weights w_j = J_j α_j, without its constant.

    Attributes
    ----------
    x, weights : (n, D) tensors
    perms : (P, D) tensor of pairs' indices
    sigma : float
    """

    x: torch.Tensor
    weights: torch.Tensor
    perms: torch.Tensor
    sigma: float

    def __call__(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies (m,) and −∂E/∂x (m, D) at descriptors (m, D)."""
        chunk = max(1, CHUNK // (len(self.perms) * len(self.x)))
        energy, slopes = zip(*[self._at(part) for part in x.split(chunk)], strict=True)
        return torch.cat(energy), torch.cat(slopes)

    def _at(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        turned = x[:, self.perms].flatten(0, 1)  # P x, (mP, D)
        a, b = radial(squared_distances(turned, self.x), self.sigma)
        own = (self.x * self.weights).sum(dim=1)
        along = torch.addmm(own, turned, self.weights.T, beta=-1)  # δ·w, (mP, n)
        energy = -(a * along).view(len(x), -1).sum(dim=1)
        b *= along
        slopes = torch.addmm(a @ self.weights, b, self.x) - b.sum(dim=1, keepdim=True) * turned
        back = (
            self.perms.argsort(dim=1) + torch.arange(len(self.perms), device=x.device)[:, None] * x.shape[1]
        )
        return energy, slopes.view(len(x), -1)[:, back].sum(dim=1)


@dataclass(frozen=True)
class Kernel:
    """K among the components of the forces of n structures.

    Attributes
    ----------
    points : Points
    perms : (P, D) tensor of pairs' indices, a group
    sigma : float
        Length scale in the descriptors, 1/Å.
    """

    points: Points
    perms: torch.Tensor
    sigma: float

    @property
    def size(self) -> int:
        """Components: 3N n."""
        return len(self.points) * self.points.jacobian.shape[2]

    def rows(
        self, j: int, components: slice | list[int] = slice(None), others: slice = slice(None)
    ) -> torch.Tensor:
        """Covariance of components (c,) of structure j with some structures, (c, 3N n)."""
        near = self.points[others]
        there = self.points.x[j][self.perms]  # (P, D)
        pushed = self.points.jacobian[j][:, components].T[:, self.perms]  # P J_j, (c, P, D)
        pushed = pushed.transpose(0, 1).contiguous()
        a, b = radial(squared_distances(near.x, there), self.sigma)  # (n, P)
        n_there, n_components, n_pairs = pushed.shape
        along = (near.x @ pushed.view(-1, n_pairs).T).view(len(near), n_there, n_components)  # δ·P J_j
        along -= torch.bmm(pushed, there[..., None])[..., 0]
        along *= b[..., None]
        middle = (a @ pushed.view(n_there, -1)).view(len(near), n_components, n_pairs)
        middle.baddbmm_(along.mT, there.expand(len(near), -1, -1))  # Σ_P [a + b x' δᵀ] P J_j
        block = torch.bmm(middle, near.jacobian)
        block -= along.sum(dim=1)[..., None] * near.pull(near.x)[:, None]  # Σ_P b x δᵀ P J_j
        return block.transpose(0, 1).flatten(1)

    def upper(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """The blocks of rows of the upper triangle, and where they stand: `K[at, at.start:]`."""
        width = self.size // len(self.points)
        for j in range(len(self.points)):
            yield slice(j * width, (j + 1) * width), self.rows(j, others=slice(j, None))

    def diagonal(self) -> torch.Tensor:
        """(3N n,)"""
        blocks = [self.rows(j, others=slice(j, j + 1)).diagonal() for j in range(len(self.points))]
        return torch.cat(blocks)

    def field(self, coefficients: torch.Tensor) -> Field:
        """The field of coefficients α (3N n,)."""
        return Field(self.points.x, self.points.push(coefficients), self.perms, self.sigma)

    def product(self, coefficients: torch.Tensor) -> torch.Tensor:
        """K α without the matrix."""
        _, slopes = self.field(coefficients)(self.points.x)
        return self.points.pull(slopes).flatten()


def radial(squared: torch.Tensor, sigma: float) -> tuple[torch.Tensor, torch.Tensor]:
    """a and b of squared distances, any shape."""
    s = squared.mul(5 / sigma**2).clamp_(min=0).sqrt_()
    decay = torch.exp(-s)
    return s.add_(1).mul_(decay).mul_(5 / (3 * sigma**2)), decay.mul_(25 / (3 * sigma**4))


def squared_distances(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """|x_i − y_j|², (n, m), by the scalar products."""
    return torch.addmm((x * x).sum(dim=1)[:, None] + (y * y).sum(dim=1), x, y.T, alpha=-2)
