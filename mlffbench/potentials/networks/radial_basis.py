"""Bessel functions of the distance that fade smoothly at the cutoff."""

from __future__ import annotations

import math

import torch

__all__ = ["RadialBasis"]

POWER = 6  # the envelope and its first two derivatives vanish at the cutoff


class RadialBasis(torch.nn.Module):
    """B_k(r) = (2/c) sin(kπ r/c)/r · u(r/c),  u(x) = 1 − 28x⁶ + 48x⁷ − 21x⁸ for x < 1, else 0 [1]_.

    Parameters
    ----------
    cutoff : float
        c, Å.
    size : int
        Number of functions.

    References
    ----------
    .. [1] J. Gasteiger, J. Groß and S. Günnemann, ICLR 2020, arXiv:2003.03123, equations 7 and 8.

    Examples
    --------
    >>> RadialBasis(5.0, 8)(torch.tensor([1.0, 5.0])).shape
    torch.Size([2, 8])
    """

    orders: torch.Tensor  # (size,)

    def __init__(self, cutoff: float, size: int) -> None:
        super().__init__()
        self.cutoff = cutoff
        orders = torch.arange(1, size + 1, dtype=torch.float64) * math.pi / cutoff
        self.register_buffer("orders", orders, persistent=False)

    def forward(self, r: torch.Tensor) -> torch.Tensor:
        """(p,) distances, Å -> (p, size)."""
        waves = torch.sin(r[:, None] * self.orders) * (2 / self.cutoff / r)[:, None]
        return waves * envelope(r / self.cutoff)[:, None]


def envelope(x: torch.Tensor, p: int = POWER) -> torch.Tensor:
    """Polynomial envelope: 1 at x = 0, and 0 with its first two derivatives at x ≥ 1."""
    high = (p + 1) * (p + 2) / 2 - p * (p + 2) * x + p * (p + 1) / 2 * x**2
    return torch.where(x < 1, 1 - x**p * high, torch.zeros_like(x))
