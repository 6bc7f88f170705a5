"""Real spherical harmonics by recursion in the order."""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["SphericalHarmonics"]


class SphericalHarmonics(torch.nn.Module):
    """Y_(l+1)m = Σ_m'k T_m'k,m Y_lm' x_k of unit vectors x: one matrix product for each order.

    e3nn writes every component as a polynomial, which takes four times as many operations.

    Parameters
    ----------
    original : e3nn.o3.SphericalHarmonics
        With the orders 0 ... l_max and normalised vectors; its values set the factors of T.
    wigner_3j : callable
        e3nn's.
    """

    def __init__(self, original: Any, wigner_3j: Any) -> None:
        super().__init__()
        orders = [ir.l for mul, ir in original.irreps_out for _ in range(mul)]
        if orders != list(range(len(orders))) or not original.normalize:
            raise NotImplementedError(f"the harmonics {original.irreps_out}")
        self.highest = orders[-1]
        vector = torch.tensor([[0.36, 0.48, 0.8]])
        values = original(vector).split([2 * order + 1 for order in orders], dim=1)
        self.constant = float(values[0])
        parity = torch.cat([torch.full((2 * order + 1,), (-1.0) ** order) for order in orders])
        self.register_buffer("parity", parity.to(values[0].dtype), persistent=False)
        for order in range(self.highest):
            table = wigner_3j(order, 1, order + 1).flatten(0, 1)
            product = _outer(values[order], vector) @ table
            factor = float((values[order + 1] * product).sum() / (product * product).sum())
            self.register_buffer(f"table_{order}", table * factor, persistent=False)

    def forward(self, vectors: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """(p, 3) and (p, 1) -> (p, (l_max + 1)²)."""
        unit = vectors / lengths
        orders = [torch.full_like(lengths, self.constant)]
        for order in range(self.highest):
            table = getattr(self, f"table_{order}")
            orders.append(_outer(orders[-1], unit) @ table)
        return torch.cat(orders, dim=1)


def _outer(harmonics: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
    return (harmonics.unsqueeze(2) * vectors.unsqueeze(1)).flatten(1)
