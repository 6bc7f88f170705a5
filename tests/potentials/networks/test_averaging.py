"""Averaged weights against torch_ema and the plain mean."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mlffbench.potentials.networks.averaging import Average


def test_the_average_is_torch_emas() -> None:
    from torch_ema import ExponentialMovingAverage

    weights = [torch.nn.Parameter(torch.randn(3, dtype=torch.float64))]
    ours, theirs = Average(weights, 0.9), ExponentialMovingAverage(weights, 0.9)
    for _ in range(200):
        with torch.no_grad():
            weights[0] += torch.randn(3)
        ours.update()
        theirs.update()
    torch.testing.assert_close(ours.copies[0], theirs.shadow_params[0], rtol=1e-12, atol=1e-12)
    before = weights[0].detach().clone()
    with ours.in_place():
        assert torch.equal(weights[0], ours.copies[0])
    assert torch.equal(weights[0], before)


def test_the_plain_average_is_the_mean() -> None:
    weights, seen = [torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))], []
    average = Average(weights, 0.9)
    average.restart_as_mean()
    seen.append(0.0)
    for value in (3.0, -1.0, 7.0):
        with torch.no_grad():
            weights[0].fill_(value)
        average.update()
        seen.append(value)
    assert average.copies[0].item() == pytest.approx(np.mean(seen))
