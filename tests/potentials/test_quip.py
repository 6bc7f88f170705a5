"""Virials and their noise as gap_fit reads them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from example_structures import copper

from mlffbench.potentials import quip

pytest.importorskip("quippy")
PARAMETERS = {
    "cutoff": 3.0, "cutoff_width": 0.5, "n_max": 3, "l_max": 2, "sigma": 0.5, "zeta": 2.0, "delta": 1.0,
    "n_sparse": 20, "sparse_method": "cur_points",
}  # fmt: skip


def test_the_noise_of_a_virial_is_that_of_its_frame() -> None:
    """Virials of infinite noise are as good as none, whatever gap_fit is told for frames that say nothing."""
    frames, labels = copper(6)
    arguments = {
        "gap": quip.soap_descriptors(frames, **PARAMETERS),
        "default_sigma": "{0.001 0.01 0.001 0}",
        "e0_method": "average",
        "rnd_seed": 1,
    }
    stresses = []
    none = replace(labels, stress=None)
    for given, noise in ((labels, 1e8), (none, 1e8), (labels, 1e-4)):
        potential = quip.potential(quip.gap_fit(frames, given, arguments, 3.0, noise))
        potential.calculate(frames[0], ["energy", "forces", "stress"])
        stresses.append(potential.results["stress"])
    np.testing.assert_allclose(stresses[0], stresses[1], atol=1e-6)
    assert np.abs(stresses[2] - stresses[1]).max() > 1e-3


def test_vacuum_costs_nothing_and_changes_no_virial() -> None:
    """A layer of copper in cells of 20 and 400 Å: the same energy, forces and V σ, in a fit and from it."""
    frames, labels = copper(6)
    virials = []
    for height in (20.0, 400.0):
        layers, stresses = [], []
        for atoms, stress in zip(frames, labels.stress, strict=True):
            cell = atoms.cell.array.copy()
            cell[2] *= height / np.linalg.norm(cell[2])
            layer = type(atoms)(atoms.numbers, atoms.positions, cell=cell, pbc=True)
            layers.append(layer)
            stresses.append(stress * atoms.get_volume() / layer.get_volume())
        arguments = {
            "gap": quip.soap_descriptors(layers, **PARAMETERS),
            "default_sigma": "{0.001 0.01 0.001 0}",
            "e0_method": "average",
            "rnd_seed": 1,
        }
        noise = 1e-3 / layers[0].get_volume()
        given = replace(labels, stress=tuple(stresses))
        potential = quip.potential(quip.gap_fit(layers, given, arguments, 3.0, noise))
        results, _ = quip.calculate(potential, layers[0], 3.0, variance=False)
        assert quip.periodic_box(layers[0], 3.0).cell.lengths()[2] < 30
        virials.append(np.append(results["energy"], results["stress"] * layers[0].get_volume()))
    np.testing.assert_allclose(*virials, atol=1e-4)
