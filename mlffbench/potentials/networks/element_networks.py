"""Feed-forward networks on standardised features, one for each element, evaluated as one batched product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch

__all__ = ["ElementNetworks"]


class ElementNetworks(torch.nn.Module):
    """Energy of each atom by the network of its element, and its gradient.

    The weights of all elements stand in one tensor a layer, since small products one after the other take
    as long as their calls. Features are standardised, and energies unscaled: E = shift + scale · N(x) with
    x = (G − mean)/width.

    Attributes
    ----------
    mean, width : (n_elements, n_features) tensors, float64 whatever the precision of the weights
    shift, scale : () tensors, float64, eV an atom
    weights : of each layer (n_elements, n_in, n_out)
    biases : of each layer (n_elements, 1, n_out)
    """

    mean: torch.Tensor
    width: torch.Tensor
    shift: torch.Tensor
    scale: torch.Tensor

    def __init__(self, hidden: Sequence[int], n_elements: int, n_features: int) -> None:
        super().__init__()
        zeros = torch.zeros(n_elements, n_features, dtype=torch.float64)
        self.standardise(zeros, torch.ones_like(zeros), 0.0, 1.0)
        sizes = list(pairwise([n_features, *hidden, 1]))
        each = [[torch.nn.Linear(a, b) for a, b in sizes] for _ in range(n_elements)]
        layers = list(zip(*each, strict=True))
        stacked = lambda tensors: torch.nn.Parameter(torch.stack(tensors).detach())
        self.weights = torch.nn.ParameterList(stacked([x.weight.mT for x in layer]) for layer in layers)
        self.biases = torch.nn.ParameterList(stacked([x.bias[None] for x in layer]) for layer in layers)

    @classmethod
    def from_weights(cls, weights: Mapping[str, torch.Tensor]) -> ElementNetworks:
        """Build the networks of a state dict, whose shapes and precision are theirs."""
        weights = _stacked(weights) if "each.0.0.weight" in weights else weights
        n_layers = sum(name.startswith("biases.") for name in weights)
        hidden = [weights[f"biases.{layer}"].shape[2] for layer in range(n_layers - 1)]
        networks = cls(hidden, *weights["mean"].shape).with_weights_of(weights["weights.0"].dtype)
        networks.load_state_dict(weights)
        return networks

    def standardise(
        self,
        mean: torch.Tensor,
        width: torch.Tensor,
        shift: float | torch.Tensor,
        scale: float | torch.Tensor,
    ) -> None:
        """Set mean and width of each element's features, and mean and scale of an atom's energy, eV."""
        values = {"mean": mean, "width": width, "shift": shift, "scale": scale}
        for name, value in values.items():
            self.register_buffer(name, torch.as_tensor(value, dtype=torch.float64, device=mean.device))

    def with_weights_of(self, dtype: torch.dtype) -> ElementNetworks:
        """Convert the weights, in place; the standardisation stays in double precision."""
        for weight in self.parameters():
            weight.data = weight.data.to(dtype)
        return self

    @property
    def dtype(self) -> torch.dtype:
        return self.weights[0].dtype

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Energies N(x), (n_elements, m), of m atoms of each element from (n_elements, m, n_features)."""
        return self._layers(x)[0]

    def with_gradient(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return N(x), (n_elements, m), and ∂N/∂x, (n_elements, m, n_features), both differentiable."""
        energy, slopes, _ = self._layers(x)
        gradient = self.weights[-1].mT
        for weight, slope in zip(reversed(self.weights[:-1]), reversed(slopes), strict=True):
            gradient = (gradient * slope) @ weight.mT
        return energy, gradient.expand(x.shape)

    def hidden_layers(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Input of the last layer, (n_elements, m, n_hidden), and derivatives dh/dz of each hidden layer."""
        _, slopes, hidden = self._layers(x)
        return hidden, slopes

    def _layers(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor], torch.Tensor]:
        """Energies, derivatives of each hidden layer's activations h = z σ(z), and the last of these."""
        slopes = []
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            z = torch.baddbmm(bias, x, weight)
            sigmoid = torch.sigmoid(z)
            x = z * sigmoid
            slopes.append(torch.addcmul(sigmoid, x, 1 - sigmoid))  # dh/dz = σ + h(1 − σ)
        return torch.baddbmm(self.biases[-1], x, self.weights[-1]).squeeze(2), slopes, x


def _stacked(each: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights in the layout of this version from those of a file with one module an element."""
    n_layers = sum(name.startswith("each.0.") and name.endswith("bias") for name in each)
    kept = {name: each[name] for name in ("mean", "width", "shift", "scale")}
    for layer in range(n_layers):
        names = [f"each.{z}.{2 * layer}" for z in range(len(each["mean"]))]
        kept[f"weights.{layer}"] = torch.stack([each[f"{n}.weight"].mT for n in names])
        kept[f"biases.{layer}"] = torch.stack([each[f"{n}.bias"][None] for n in names])
    return kept
