"""Operations and arithmetic of calls that can be counted by hand."""

from __future__ import annotations

import torch

from mlffbench.system.torch_work import TorchWork, torch_work


def test_a_product_and_its_backward_pass():
    a, b = torch.ones(100, 50, requires_grad=True), torch.ones(50, 20)
    assert torch_work(lambda: a @ b) == TorchWork(1, 2 * 100 * 50 * 20)
    work = torch_work(lambda: (a @ b).sum().backward())
    assert work.flops == 2 * (2 * 100 * 50 * 20), "the gradient of a is a product, too"


def test_views_are_no_work():
    a = torch.ones(4, 4)
    assert torch_work(lambda: a.T.reshape(16) + 1.0).operations in (2, 3)
    assert torch_work(lambda: a.T) is None


def test_a_call_without_torch_has_none():
    assert torch_work(lambda: sum(range(10))) is None
