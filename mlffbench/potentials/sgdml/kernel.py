"""Kernel of symmetric gradient-domain learning: covariances of forces, summed over permutations.

With inverse distances x, J = ∂x/∂r, δ = x − P x' and s = √5 |δ|/σ, the Matérn-5/2 function
(1 + s + s²/3) e^(−s) gives

K(r, r') = Σ_P Jᵀ [a·1 − b δδᵀ] P J',   a = 5/(3σ²) (1 + s) e^(−s),   b = 25/(3σ⁴) e^(−s).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from mlffbench.potentials.sgdml.inverse_distances import Points
from mlffbench.system.batch_size import batch_bytes

__all__ = ["Field", "Kernel"]

CHUNK = 2**16  # distances at a time in `Field` that fit into a processor's cache


@dataclass(frozen=True)
class Field:
    """Energy E(x) = −Σ_P Σ_j a δ·w_j, δ = P x − x_j, with weights w_j = J_j α_j, up to a constant.

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
        chunk = max(1, self._distances_at_once() // (len(self.perms) * len(self.x)))
        energy, gradients = zip(*[self._evaluate(part) for part in x.split(chunk)], strict=True)
        return torch.cat(energy), torch.cat(gradients)

    def _distances_at_once(self) -> int:
        """Distances whose temporaries fit into a processor's cache, or into the memory of a GPU."""
        if self.x.device.type == "cpu":
            return CHUNK
        numbers = 6 + 4 * self.x.shape[1] / len(self.x)  # of each distance, and its share of each permuted x
        return int(batch_bytes(self.x.device) / (8 * numbers))

    def _evaluate(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies and −∂E/∂x of a few descriptors."""
        permuted = x[:, self.perms].flatten(0, 1)  # P x, (mP, D)
        a, b = radial(squared_distances(permuted, self.x), self.sigma)
        own = (self.x * self.weights).sum(dim=1)
        along = torch.addmm(own, permuted, self.weights.T, beta=-1)  # δ·w, (mP, n)
        energy = -(a * along).view(len(x), -1).sum(dim=1)
        b *= along
        gradients = torch.addmm(a @ self.weights, b, self.x) - b.sum(dim=1, keepdim=True) * permuted
        back = (
            self.perms.argsort(dim=1) + torch.arange(len(self.perms), device=x.device)[:, None] * x.shape[1]
        )
        return energy, gradients.view(len(x), -1)[:, back].sum(dim=1)


@dataclass(frozen=True)
class Kernel:
    """K among the force components of n structures.

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
        """Number of force components, 3N n."""
        return len(self.points) * self.points.jacobian.shape[2]

    def rows(
        self, j: int, components: slice | list[int] = slice(None), others: slice = slice(None)
    ) -> torch.Tensor:
        """Covariance of components (c,) of structure j with those of other structures, (c, 3N n)."""
        near = self.points[others]
        images = self.points.x[j][self.perms]  # P x_j, (P, D)
        pushed = self.points.jacobian[j][:, components].T[:, self.perms]  # P J_j, (c, P, D)
        pushed = pushed.transpose(0, 1).contiguous()
        a, b = radial(squared_distances(near.x, images), self.sigma)  # (n, P)
        n_images, n_components, n_pairs = pushed.shape
        along = (near.x @ pushed.view(-1, n_pairs).T).view(len(near), n_images, n_components)  # δ·P J_j
        along -= torch.bmm(pushed, images[..., None])[..., 0]
        along *= b[..., None]
        middle = (a @ pushed.view(n_images, -1)).view(len(near), n_components, n_pairs)
        middle.baddbmm_(along.mT, images.expand(len(near), -1, -1))  # Σ_P [a + b x' δᵀ] P J_j
        block = torch.bmm(middle, near.jacobian)
        block -= along.sum(dim=1)[..., None] * near.pull_back(near.x)[:, None]  # Σ_P b x δᵀ P J_j
        return block.transpose(0, 1).flatten(1)

    def upper(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Yield blocks of rows of the upper triangle with their place: `K[at, at.start:]`."""
        width = self.size // len(self.points)
        for j in range(len(self.points)):
            yield slice(j * width, (j + 1) * width), self.rows(j, others=slice(j, None))

    def diagonal(self) -> torch.Tensor:
        """Variances of all force components, (3N n,)."""
        blocks = [self.rows(j, others=slice(j, j + 1)).diagonal() for j in range(len(self.points))]
        return torch.cat(blocks)

    def field(self, coefficients: torch.Tensor) -> Field:
        """Energy field of the coefficients α (3N n,)."""
        return Field(self.points.x, self.points.push_forward(coefficients), self.perms, self.sigma)

    def product(self, coefficients: torch.Tensor) -> torch.Tensor:
        """K α without the matrix."""
        _, gradients = self.field(coefficients)(self.points.x)
        return self.points.pull_back(gradients).flatten()


def radial(squared: torch.Tensor, sigma: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The radial factors a and b at squared distances of any shape."""
    s = squared.mul(5 / sigma**2).clamp_(min=0).sqrt_()
    decay = torch.exp(-s)
    return s.add_(1).mul_(decay).mul_(5 / (3 * sigma**2)), decay.mul_(25 / (3 * sigma**4))


def squared_distances(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """|x_i − y_j|² by scalar products, (n, m)."""
    return torch.addmm((x * x).sum(dim=1)[:, None] + (y * y).sum(dim=1), x, y.T, alpha=-2)
