"""Inverse distances of one molecule's structures with their Jacobian, and permutations of their pairs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

__all__ = ["Points", "pair_permutations"]


@dataclass(frozen=True)
class Points:
    """Descriptors of n structures of N atoms: x = 1/|r_a − r_b| of the D = N(N−1)/2 pairs, and J = ∂x/∂r.

    Attributes
    ----------
    x : (n, D) tensor, 1/Å
    jacobian : (n, D, 3N) tensor, 1/Å²
    """

    x: torch.Tensor
    jacobian: torch.Tensor

    @classmethod
    def of(cls, positions: torch.Tensor) -> Points:
        """Points from positions (n, N, 3), Å."""
        n, n_atoms, _ = positions.shape
        i, j = torch.triu_indices(n_atoms, n_atoms, 1, device=positions.device)
        vectors = positions[:, i] - positions[:, j]
        x = 1 / vectors.norm(dim=-1)
        gradient = vectors * (x**3)[..., None]
        jacobian = positions.new_zeros(n, len(i), n_atoms, 3)
        pair = torch.arange(len(i), device=positions.device)
        jacobian[:, pair, i], jacobian[:, pair, j] = -gradient, gradient
        return cls(x, jacobian.flatten(2))

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, key: slice | np.ndarray) -> Points:
        return Points(self.x[key], self.jacobian[key])

    def relative_to(self, origin: torch.Tensor) -> Points:
        """Descriptors minus an origin; their differences then lose fewer digits."""
        return replace(self, x=self.x - origin)

    def push_forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """J v (n, D) for a displacement v (n, 3N) of each structure."""
        return torch.bmm(self.jacobian, vectors.reshape(len(self), -1, 1))[..., 0]

    def pull_back(self, gradients: torch.Tensor) -> torch.Tensor:
        """Jᵀ g (n, 3N) for a derivative g (n, D) by each structure's descriptor."""
        return torch.bmm(gradients[:, None], self.jacobian)[:, 0]


def pair_permutations(permutations: np.ndarray) -> torch.Tensor:
    """Convert permutations of atoms (P, N) to permutations of pairs (P, D): (P x)_k = x[pairs[k]]."""
    n_atoms = permutations.shape[1]
    i, j = np.triu_indices(n_atoms, 1)
    number = np.zeros((n_atoms, n_atoms), dtype=int)
    number[i, j] = number[j, i] = np.arange(len(i))
    return torch.as_tensor(number[permutations[:, i], permutations[:, j]])
