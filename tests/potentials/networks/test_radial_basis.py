"""The radial basis against its formula."""

from __future__ import annotations

import numpy as np
import torch

from mlffbench.potentials.networks.radial_basis import RadialBasis, envelope


def test_radial_basis_is_its_formula() -> None:
    r = torch.linspace(0.5, 3.999, 50, dtype=torch.float64, requires_grad=True)
    found = RadialBasis(4.0, 3).double()(r).detach().numpy()
    x, k = r.detach().numpy()[:, None] / 4.0, np.arange(1, 4)
    expected = 0.5 * np.sin(k * np.pi * x) / (4.0 * x) * (1 - 28 * x**6 + 48 * x**7 - 21 * x**8)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    edge = torch.tensor([1.0 - 1e-9], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(envelope(edge).sum(), edge, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), edge)
    assert max(abs(slope.item()), abs(bend.item())) < 1e-6
