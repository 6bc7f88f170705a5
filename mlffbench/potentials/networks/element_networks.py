"""Feed-forward networks on standardised features, one for each element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch

__all__ = ["ElementNetworks"]


class ElementNetworks(torch.nn.Module):
    """Energy of each atom, eV, by the network of its element on standardised features."""

    mean: torch.Tensor  # (n_elements, n_features)
    width: torch.Tensor
    shift: torch.Tensor  # eV an atom
    scale: torch.Tensor

    def __init__(self, hidden: Sequence[int], n_elements: int, n_features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_elements, n_features))
        self.register_buffer("width", torch.ones(n_elements, n_features))
        self.register_buffer("shift", torch.zeros(()))
        self.register_buffer("scale", torch.ones(()))
        self.each = torch.nn.ModuleList(_network(n_features, hidden) for _ in range(n_elements))

    @classmethod
    def from_weights(cls, weights: Mapping[str, torch.Tensor]) -> ElementNetworks:
        """Build the networks of a state dict, whose shapes and precision are theirs."""
        biases = [len(v) for k, v in weights.items() if k.startswith("each.0.") and k.endswith("bias")]
        networks = cls(biases[:-1], *weights["mean"].shape).to(weights["mean"].dtype)
        networks.load_state_dict(weights)
        return networks

    def standardise(self, mean: torch.Tensor, width: torch.Tensor, shift: float, scale: float) -> None:
        """Set mean and width of each element's features, and mean and scale of an atom's energy, eV."""
        self.mean, self.width = mean, width
        self.shift, self.scale = torch.as_tensor(shift).to(mean), torch.as_tensor(scale).to(mean)

    def forward(self, features: torch.Tensor, element: torch.Tensor) -> torch.Tensor:
        energy = features.new_zeros(len(features))
        for z, network in enumerate(self.each):
            atoms = torch.nonzero(element == z).squeeze(1)
            standard = (features[atoms] - self.mean[z]) / self.width[z]
            energy = energy.index_add(0, atoms, network(standard).squeeze(1))
        return self.shift + self.scale * energy


def _network(n_features: int, hidden: Sequence[int]) -> torch.nn.Sequential:
    sizes = [n_features, *hidden]
    layers: list[torch.nn.Module] = []
    for a, b in pairwise(sizes):
        layers += [torch.nn.Linear(a, b), torch.nn.SiLU()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 1))
