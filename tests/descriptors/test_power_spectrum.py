"""The power spectrum's derivatives against dscribe's and automatic ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from ase.build import molecule

from mlffbench.descriptors import graph
from mlffbench.descriptors.neighbour_density import density
from mlffbench.descriptors.power_spectrum import Basis, pair_density, pair_gradient, spectra


def test_derivatives_are_those_of_dscribe():
    from dscribe.descriptors import SOAP as Reference

    atoms = molecule("H2O")
    basis = Basis((1, 8), 5.0, 4, 3, 0.4)
    theirs = Reference(r_cut=5.0, n_max=4, l_max=3, sigma=0.4, species=["H", "O"])
    expected, _ = theirs.derivatives(atoms, method="analytical", attach=True)  # (centre, atom, 3, feature)
    batch = graph.build([atoms], basis.radius)

    def features(positions: torch.Tensor) -> torch.Tensor:
        return spectra(density(replace(batch, positions=positions), basis), basis)

    got = torch.autograd.functional.jacobian(features, batch.positions)  # (centre, feature, atom, 3)
    np.testing.assert_allclose(got.permute(0, 2, 3, 1), expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("smooth", [False, True])
def test_the_explicit_pair_gradient_is_the_automatic_one(smooth):
    basis = Basis((1,), 3.0, 3, 5, 0.4, smooth)
    vectors = 2.0 * torch.randn(20, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    vectors[0] = 0.0  # the atom itself
    automatic = torch.autograd.functional.jacobian(lambda v: pair_density(v, basis).sum(0), vectors)
    expected = automatic.permute(2, 3, 0, 1)
    torch.testing.assert_close(pair_gradient(vectors, basis), expected, rtol=0, atol=1e-11)


def test_a_smooth_neighbour_fades_out():
    basis = Basis((1,), 3.0, 3, 2, 0.3, smooth=True)
    edge = torch.tensor([[basis.radius - 1e-4, 0.0, 0.0]], dtype=torch.float64)
    assert pair_density(edge, basis).abs().max() < 1e-12
    assert pair_gradient(edge, basis).abs().max() < 1e-8
