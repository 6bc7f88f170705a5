"""e3nn's linear layers as matrix products of features with the channels last."""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["ChannelLinear", "ElementLinear", "Features"]

Features = dict[int, torch.Tensor]  # of each order l: (n, 2l + 1, channels)


class ChannelLinear(torch.nn.Module):
    """x_lm -> W_l x_lm, W_l over the channels.

    Parameters
    ----------
    original : e3nn.o3.Linear
        Whose weights are used; inputs of one order that stand apart are one input, their channels in a row.
    """

    def __init__(self, original: Any) -> None:
        super().__init__()
        self._original = (original,)  # a tuple: no submodule, or its parameters would be listed twice
        self.rows: dict[int, tuple[int, int, int, float]] = {}  # start, inputs, outputs, scale
        start = 0
        for path in original.instructions:
            order, (n_in, n_out) = original.irreps_out[path.i_out].ir.l, path.path_shape
            first, inputs, _, _ = self.rows.get(order, (start, 0, 0, 0.0))
            if first + inputs * n_out != start:
                raise NotImplementedError(f"the weights of order {order} stand apart in {original}")
            self.rows[order] = (first, inputs + n_in, n_out, path.path_weight)
            start += n_in * n_out

    def forward(self, features: Features, scale: float = 1.0) -> Features:
        weight = self._original[0].weight
        return {
            order: features[order] @ (weight[first : first + n * m].view(n, m) * (factor * scale))
            for order, (first, n, m, factor) in self.rows.items()
            if order in features
        }


class ElementLinear(torch.nn.Module):
    """x_lm -> W_l x_lm, with weights for each element.

    Parameters
    ----------
    original : e3nn.o3.FullyConnectedTensorProduct
        Of features with the one-hot elements.
    """

    def __init__(self, original: Any) -> None:
        super().__init__()
        self._original = (original,)
        self.rows: dict[int, tuple[int, tuple[int, int, int], float]] = {}  # start, shape, scale
        start = 0
        for path in original.instructions:
            order = original.irreps_out[path.i_out].ir.l
            if order in self.rows or path.connection_mode != "uvw":
                raise NotImplementedError(f"the paths of {original}")
            n_in, n_elements, n_out = path.path_shape
            # the coupling of an order with a scalar is the unit matrix over the root of 2l + 1
            scale = path.path_weight / (2 * order + 1) ** 0.5
            self.rows[order] = (start, (n_in, n_elements, n_out), scale)
            start += n_in * n_elements * n_out

    def forward(self, features: Features, elements: torch.Tensor) -> Features:
        """Features and one-hot elements (n, elements)."""
        weight, outputs = self._original[0].weight, {}
        for order, (start, (n_in, n_elements, n_out), scale) in self.rows.items():
            if order in features:
                matrix = weight[start : start + n_in * n_elements * n_out].view(n_in * n_elements, n_out)
                spread = features[order].unsqueeze(3) * elements[:, None, None, :]
                outputs[order] = spread.flatten(2) @ (matrix * scale)
        return outputs
