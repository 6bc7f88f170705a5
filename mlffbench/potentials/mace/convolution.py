"""MACE's convolution as matrix products over an atom's neighbours: no message is stored per pair."""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["NeighbourConvolution", "PaddedNeighbours", "is_convertible"]


class PaddedNeighbours:
    """Pairs grouped by receiver, with as many slots for each atom as the most neighbours of one, K.

    The lists of the last batch are kept, since every layer asks for them.
    """

    def __init__(self) -> None:
        self.edge_index: torch.Tensor | None = None  # of the last batch

    def __call__(self, edge_index: torch.Tensor, n: int) -> tuple[torch.Tensor, torch.Tensor, int]:
        """(n·K,) pairs, (n·K,) bool, which slots are filled, and K; an empty slot names pair 0."""
        if self.edge_index is not edge_index:
            receiver = edge_index[1]
            order = receiver.argsort(stable=True)
            counts = torch.bincount(receiver, minlength=n)
            starts = counts.cumsum(0) - counts
            self.width = int(counts.max()) if len(receiver) else 0
            sorted_ = receiver[order]
            slot = sorted_ * self.width + torch.arange(len(order), device=order.device) - starts[sorted_]
            self.pair = torch.zeros(n * self.width, dtype=torch.long, device=order.device)
            self.pair[slot] = order
            self.filled = torch.zeros(n * self.width, dtype=torch.bool, device=order.device)
            self.filled[slot] = True
            self.edge_index = edge_index
        return self.pair, self.filled, self.width

    def __getstate__(self) -> dict[str, Any]:
        return {"edge_index": None}


class NeighbourConvolution(torch.nn.Module):
    """M_i,p = Σ_m1m2 C^p_m1m2 Σ_j (R_p,ji h_j,m1) Y_ji,m2: the sum over j first, then the coupling C.

    mace-torch couples every pair and scatters. An atom has a dozen neighbours, so summing first leaves a
    dozen times fewer numbers to couple; the sum over slots of a padded list is a matrix product.

    Parameters
    ----------
    original : e3nn.o3.TensorProduct
        With paths of kind ``uvu``, one harmonic of each order, and weights from outside.
    wigner_3j : callable
        e3nn's.
    padding : PaddedNeighbours
        Shared by the layers.
    """

    def __init__(self, original: Any, wigner_3j: Any, padding: PaddedNeighbours) -> None:
        super().__init__()
        self._original, self.padding = (original,), padding
        self.weight_numel = original.weight_numel
        first, second = original.irreps_in1, original.irreps_in2
        self.inputs = [(x.mul, x.ir.dim) for x in first]
        self.widths = [x.dim for x in first]
        self.orders = [x.dim for x in second]
        self.paths = [(p.i_in1, p.i_in2) for p in original.instructions]
        self.channels = [first[i].mul for i, _ in self.paths]
        for k, path in enumerate(original.instructions):
            orders = (first[path.i_in1].ir.l, second[path.i_in2].ir.l, original.irreps_out[path.i_out].ir.l)
            coupling = wigner_3j(*orders) * path.path_weight
            coupling = coupling.permute(2, 1, 0).flatten(1)  # (m3, m2·m1)
            self.register_buffer(f"coupling_{k}", coupling, persistent=False)

    def forward(
        self, nodes: torch.Tensor, harmonics: torch.Tensor, radial: torch.Tensor, edge_index: torch.Tensor
    ) -> torch.Tensor:
        """(n, ·), (p, ·), (p, ·), (2, p) -> messages (n, ·), by mace-torch's hook for fused convolutions."""
        n = len(nodes)
        pair, filled, width = self.padding(edge_index, n)
        sender = edge_index[0].index_select(0, pair)
        angular = harmonics.index_select(0, pair) * filled.unsqueeze(1)
        # split, not slices: the derivative of a slice fills a whole tensor with zeros
        angular = angular.view(n, width, harmonics.shape[1]).transpose(1, 2).split(self.orders, dim=1)
        weights = radial.index_select(0, pair).view(n, width, 1, radial.shape[1]).split(self.channels, dim=3)
        inputs = [
            part.view(n, mul, dim).transpose(1, 2).flatten(1)  # channels last
            .index_select(0, sender).view(n, width, dim, mul)
            for part, (mul, dim) in zip(nodes.split(self.widths, dim=1), self.inputs, strict=True)
        ]  # fmt: skip
        messages = []
        for k, (source, order) in enumerate(self.paths):
            neighbours = (inputs[source] * weights[k]).flatten(2)
            summed = torch.bmm(angular[order], neighbours)  # (n, m2, m1·channels)
            summed = summed.view(n, -1, self.channels[k])
            messages.append(torch.matmul(getattr(self, f"coupling_{k}"), summed).transpose(1, 2).flatten(1))
        return torch.cat(messages, dim=1)


def is_convertible(tensor_product: Any) -> bool:
    """True if `NeighbourConvolution` knows all paths of a tensor product, in the order of their outputs."""
    paths = getattr(tensor_product, "instructions", None)
    return (
        paths is not None
        and not tensor_product.internal_weights
        and [p.i_out for p in paths] == list(range(len(paths)))
        and all(p.connection_mode == "uvu" and p.has_weight for p in paths)
        and all(x.mul == 1 for x in tensor_product.irreps_in2)
    )
