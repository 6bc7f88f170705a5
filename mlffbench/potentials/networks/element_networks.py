"""A small feed-forward network for each element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch

__all__ = ["ElementNetworks"]


class ElementNetworks(torch.nn.Module):
    """A network per element on standardised features -> energy of each atom, eV."""

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
    def of(cls, weights: Mapping[str, torch.Tensor]) -> ElementNetworks:
        """The networks of a state dict, which tells their shape and precision."""
        biases = [len(v) for k, v in weights.items() if k.startswith("each.0.") and k.endswith("bias")]
        made = cls(biases[:-1], *weights["mean"].shape).to(weights["mean"].dtype)
        made.load_state_dict(weights)
        return made

    def scale_by(self, mean: torch.Tensor, width: torch.Tensor, shift: float, scale: float) -> None:
        """Mean and width of the features of each element's atoms; mean and size of an atom's energy, eV."""
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
