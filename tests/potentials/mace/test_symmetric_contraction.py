"""The contraction from its Jacobian against mace-torch's own, with first and second derivatives."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from example_mace import mixed, untrained

from mlffbench.potentials.mace.symmetric_contraction import JacobianContraction, _Value

COUNTS = (3, 0, 2)  # the second of three elements is absent


def contractions(sizes: dict[str, int]) -> tuple[Any, JacobianContraction, torch.Tensor]:
    module: Any = untrained(mixed(), [1, 6, 8], sizes)[0]
    theirs = module.products[0].symmetric_contractions
    components = theirs.contractions[0].U_tensors(1).shape[-2]
    torch.manual_seed(0)
    return theirs, JacobianContraction(theirs), torch.randn(5, components, 4, dtype=torch.float64)


@pytest.mark.parametrize(
    "sizes",
    [{"max_L": 0, "correlation": 2}, {"max_L": 2, "max_ell": 2, "correlation": 3}, {"correlation": 1}],
    ids=str,
)
def test_the_jacobian_gives_mace_torchs_contraction(sizes: dict[str, int]) -> None:
    """Values, forces of a loss, and the derivatives of both by features and weights."""
    theirs, ours, features = contractions(sizes)
    features.requires_grad_()
    species = torch.eye(3, dtype=torch.float64).repeat_interleave(torch.tensor(COUNTS), dim=0)
    weights = [p for p in theirs.parameters() if p.requires_grad]
    widths = [2 * order + 1 for order in range(len(theirs.contractions))]

    def everything(values: torch.Tensor) -> list[torch.Tensor]:
        (slope,) = torch.autograd.grad(values.sin().sum(), features, create_graph=True)
        loss = slope.cos().sum() + values.square().sum()
        return [values, slope, *torch.autograd.grad(loss, [features, *weights], allow_unused=True)]

    expected = everything(theirs(features.transpose(1, 2), species))
    parts = ours(features, COUNTS).split(widths, dim=1)
    computed = everything(torch.cat([x.transpose(1, 2).flatten(1) for x in parts], dim=1))
    assert expected[0].abs().mean() > 1e-3
    for a, b in zip(computed, expected, strict=True):
        if b is not None:
            torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_second_derivatives_are_those_of_finite_differences() -> None:
    """By features and coefficients, in float64."""
    _, ours, features = contractions({"max_L": 1, "max_ell": 1, "correlation": 3})
    layout = ours.layout(COUNTS)
    inputs = (
        features[:, :, :1].permute(2, 1, 0).contiguous().requires_grad_(),
        ours.coefficients()[:, :1].detach().requires_grad_(),
    )
    value = lambda a, c: _Value.apply(a, c, layout)
    assert torch.autograd.gradcheck(value, inputs, fast_mode=True)
    assert torch.autograd.gradgradcheck(value, inputs, fast_mode=True)
