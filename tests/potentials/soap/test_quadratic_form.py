"""The quadratic form of the squared kernel against the sums over its points."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mlffbench.potentials.soap.environments import describe
from mlffbench.potentials.soap.kernel import energies
from mlffbench.potentials.soap.kernel_ridge import Expansion
from mlffbench.potentials.soap.quadratic_form import QuadraticForm


@pytest.mark.parametrize("with_derivatives", [False, True])
def test_it_is_the_sum_over_the_points_and_so_is_its_gradient(mixed, with_derivatives):
    graph, kernel = mixed
    kernel = replace(kernel, zeta=2.0)
    random = torch.Generator().manual_seed(0)
    new = lambda *shape: torch.randn(*shape, dtype=torch.float64, generator=random)
    weights = {z: 1e3 * new(len(p)) for z, p in kernel.points.items()}
    g = {z: 1e3 * new(*p.shape) * with_derivatives for z, p in kernel.points.items()}
    form = QuadraticForm.of(kernel, weights, g if with_derivatives else None)
    unit = describe(graph, kernel.basis).unit.requires_grad_()
    expected = Expansion(kernel, weights, g)._sums(graph, unit)
    if not with_derivatives:
        plain = energies(graph, unit, kernel, torch.cat(list(weights.values())))
        torch.testing.assert_close(plain, expected, rtol=1e-12, atol=1e-9)
    got = form.energies(graph, unit)
    torch.testing.assert_close(got, expected, rtol=1e-11, atol=1e-9)
    factors = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    slopes = [torch.autograd.grad(e @ factors, unit)[0] for e in (got, expected)]
    along = unit.detach() - unit.detach().mean(0)  # unit vectors keep their length
    tangent = lambda s: (s * along).sum(1) - (s * unit).sum(1) * (along * unit).sum(1)
    torch.testing.assert_close(*map(tangent, slopes), rtol=1e-9, atol=1e-8)
