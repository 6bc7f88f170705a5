"""The recorder of operations names those that wait for a device, and counts those of backward passes."""

import pytest
import torch

from mlffbench.testing.launches import operations, waits

X = torch.arange(3.0, requires_grad=True)
ONES = torch.ones(3, dtype=torch.long)


@pytest.mark.parametrize(
    "function",
    [
        lambda: X[X > 1], lambda: X[[0, 1]], lambda: X.tolist(), lambda: float(X.detach().sum()),
        lambda: bool((X > 1).any()), lambda: X.detach().numpy(), lambda: torch.nonzero(X > 1),
        lambda: torch.bincount(ONES), lambda: torch.repeat_interleave(ONES, ONES),
        lambda: torch.tensor([1.0]),
        lambda: torch.linalg.inv(torch.eye(3)), lambda: torch.unique(ONES),
    ],
)  # fmt: skip
def test_operations_that_wait(function):
    assert waits(function)


@pytest.mark.parametrize(
    "function",
    [
        lambda: torch.where(X > 1, X, 0.0).sum().backward(), lambda: X[ONES],
        lambda: torch.repeat_interleave(ONES, ONES, output_size=3), lambda: torch.linalg.det(torch.eye(3)),
        lambda: X.detach().clone().masked_fill_(X > 1, 0.0),
    ],
)  # fmt: skip
def test_operations_that_do_not_wait(function):
    assert waits(function) == []


def test_backward_passes_count_and_views_do_not():
    names = operations(lambda: X.view(3, 1).exp().sum().backward())
    assert [n for n in names if n in ("exp", "sum", "mul")] == ["exp", "sum", "mul"]
    assert "view" not in names
