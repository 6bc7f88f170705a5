"""The activation function silu with derivatives of few operations, as training on forces needs them."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional

__all__ = ["silu"]


def silu(x: torch.Tensor) -> torch.Tensor:
    """Return x σ(x), twice differentiable.

    torch's own differentiates the gradient operation by operation, which takes thrice as many.
    """
    value: torch.Tensor = _Silu.apply(x)
    return value


class _Silu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return functional.silu(x)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        return _Gradient.apply(gradient, *ctx.saved_tensors)


class _Gradient(torch.autograd.Function):
    """(g, x) -> g silu'(x)."""

    @staticmethod
    def forward(ctx: Any, gradient: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(gradient, x)
        return torch.ops.aten.silu_backward(gradient, x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outer: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        gradient, x = ctx.saved_tensors
        sigmoid = torch.sigmoid(x)
        # silu'' = σ (1 − σ) (2 + x − 2 x σ)
        slope = torch.addcmul(x + 2, x, sigmoid, value=-2).mul_(gradient).mul_(outer)
        curvature = torch.ops.aten.sigmoid_backward(slope, sigmoid)
        return torch.ops.aten.silu_backward(outer, x), curvature
