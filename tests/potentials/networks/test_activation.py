"""silu and its derivatives against torch's, and the operations that they take."""

from __future__ import annotations

import torch
from torch.nn import functional

from mlffbench.potentials.networks.activation import silu
from mlffbench.testing.launches import operations


def test_its_derivatives_are_torchs() -> None:
    x = torch.linspace(-9, 9, 41, dtype=torch.float64, requires_grad=True)
    weight = torch.linspace(0.5, 2, 41, dtype=torch.float64, requires_grad=True)
    results = []
    for function in (silu, functional.silu):
        value = function(x * weight)
        (first,) = torch.autograd.grad(value.sin().sum(), x, create_graph=True)
        second = torch.autograd.grad(first.square().sum(), (x, weight))
        results.append([value, first, *second])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)
    assert torch.autograd.gradgradcheck(silu, x)


def test_training_on_forces_takes_less_than_half_of_torchs_operations() -> None:
    weight = torch.ones(3, requires_grad=True)

    def force_loss(function: object) -> None:
        x = torch.ones(3, requires_grad=True)
        (gradient,) = torch.autograd.grad(function(x * weight).sum(), x, create_graph=True)
        gradient.square().sum().backward(inputs=[weight])

    ours, theirs, none = (
        len(operations(lambda f=f: force_loss(f))) for f in (silu, functional.silu, torch.exp)
    )
    assert ours - none < (theirs - none) / 2
