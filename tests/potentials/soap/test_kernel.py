"""Rows of the SOAP kernel against automatic derivatives and dense sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from ase import Atoms

from mlffbench.descriptors import graph
from mlffbench.potentials.soap.environments import describe
from mlffbench.potentials.soap.kernel import energies, energy_rows, gradient_rows, self_kernel


def test_derivative_rows_are_the_derivatives_of_the_energy(mixed):
    batch, kernel = mixed
    environments = describe(batch, kernel.basis)
    forces, stress = gradient_rows(environments, kernel, stress=True)
    weights = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    predict = lambda moved: energies(moved, describe(moved, kernel.basis).unit, kernel, weights)
    expected = graph.with_forces(predict, batch)
    got = (energy_rows(environments, kernel) @ weights, forces @ weights, stress @ weights)
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b.detach(), rtol=0, atol=1e-12)


def test_the_self_kernel_is_the_sum_over_pairs(mixed):
    batch, kernel = mixed
    environments = describe(batch, kernel.basis)
    unit = environments.unit
    full = (unit @ unit.T) ** kernel.zeta * (batch.numbers[:, None] == batch.numbers)
    expected = [full[batch.frame == f][:, batch.frame == f].sum().item() for f in range(3)]
    np.testing.assert_allclose(self_kernel(environments, kernel), expected, rtol=1e-12)


def test_a_batch_that_lacks_an_element_has_rows_of_zeros_for_it(mixed):
    _, kernel = mixed
    lone = graph.build([Atoms("Na2", [[0, 0, 0], [2.0, 0, 0]])], kernel.basis.radius)
    narrow = replace(kernel, points={z: p[:2] for z, p in kernel.points.items()})
    wide = replace(kernel, points={z: p.repeat(40, 1) for z, p in kernel.points.items()})
    for each in (narrow, wide):
        forces, _ = gradient_rows(describe(lone, kernel.basis), each, stress=False)
        assert forces[..., each.columns[17]].abs().max() == 0
        assert forces[..., each.columns[11]].abs().max() > 0
