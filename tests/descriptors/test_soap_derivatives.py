"""Derivatives of SOAP vectors against automatic differentiation and dscribe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from example_structures import crystals, molecules

from mlffbench.descriptors import graph
from mlffbench.descriptors.neighbour_density import density
from mlffbench.descriptors.power_spectrum import Basis, spectra
from mlffbench.descriptors.soap import SOAP
from mlffbench.descriptors.soap_derivatives import derivatives


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("frames", [molecules(), crystals()], ids=["molecules", "crystals"])
def test_derivatives_of_frames_are_those_of_automatic_differentiation(frames, smooth):
    numbers = tuple(sorted({int(z) for a in frames for z in a.numbers}))
    basis = Basis(numbers, 3.5, 3, 3, 0.4, smooth)
    for atoms, found in zip(frames, derivatives(frames, basis), strict=True):
        batch = graph.build([atoms], basis.radius)

        def features(positions: torch.Tensor, batch: graph.Graph = batch) -> torch.Tensor:
            return spectra(density(replace(batch, positions=positions), basis), basis)

        expected = torch.autograd.functional.jacobian(features, batch.positions).permute(0, 2, 3, 1)
        torch.testing.assert_close(found.values, features(batch.positions), rtol=0, atol=1e-12)
        torch.testing.assert_close(found.dense(), expected, rtol=0, atol=1e-11)


def test_derivatives_of_molecules_are_those_of_dscribe_to_1e_8():
    from dscribe.descriptors import SOAP as Reference

    frames = molecules()[:2]
    for atoms in frames:  # dscribe shifts neighbours that lie exactly on an axis by a little
        atoms.rattle(0.05, seed=0)
    ours = SOAP(5.0, 6, 4, 0.3, average="off").fit(frames)
    theirs = Reference(r_cut=5.0, n_max=6, l_max=4, sigma=0.3, species=ours.species_)
    for atoms, found in zip(frames, ours.derivatives(frames), strict=True):
        expected, values = theirs.derivatives(atoms, method="analytical", attach=True)
        np.testing.assert_allclose(found.values, values, rtol=0, atol=1e-8)
        np.testing.assert_allclose(found.dense(), expected, rtol=0, atol=1e-8)


def test_derivatives_of_crystals_are_dscribe_s_differences():
    from dscribe.descriptors import SOAP as Reference

    (atoms,) = crystals()[:1]
    ours = SOAP(4.0, 3, 2, 0.4, average="off").fit([atoms])
    theirs = Reference(r_cut=4.0, n_max=3, l_max=2, sigma=0.4, species=ours.species_, periodic=True)
    (found,) = ours.derivatives([atoms])
    step, dense = 1e-4, found.dense()
    for i in range(len(atoms)):
        for x in range(3):
            up, down = atoms.copy(), atoms.copy()
            up.positions[i, x] += step
            down.positions[i, x] -= step
            slope = (theirs.create(up) - theirs.create(down)) / (2 * step)
            np.testing.assert_allclose(dense[:, i, x], slope, rtol=0, atol=2e-4 * abs(slope).max())
