"""Representers of kernel ridge regression, and the weights of its labels."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from example_kernels import springs, water

from mlffbench.descriptors.power_spectrum import Basis
from mlffbench.potentials.soap.batch_sizes import equal_parts
from mlffbench.potentials.soap.kernel_ridge import LabelWeights, fit
from mlffbench.potentials.soap.training_batches import Batches

BASIS = Basis((1, 8), 4.0, 3, 2, 0.4, smooth=True)


@pytest.mark.parametrize(("n_representers", "expected"), [(6, 6), (36, 36), (10_000, 120)])
def test_energies_come_first_and_the_other_labels_by_their_share(n_representers, expected):
    frames = water(12)  # each with an energy and nine force components
    batches = Batches(frames, springs(frames), BASIS, equal_parts(len(frames), 5), "cpu")
    rng = np.random.default_rng(0)
    weights, expansion = fit(batches, 2.0, 1e-6, LabelWeights(1.0, 1.0, 1.0), n_representers, rng)
    assert len(weights) == expected
    atoms = sum(map(len, expansion.kernel.points.values()))
    assert atoms == 3 * min(n_representers, 12)


def test_deviations_of_labels_are_one_over_the_root_of_their_weights():
    weights = LabelWeights(energy=4.0, forces=25.0, stress=100.0)
    np.testing.assert_allclose(weights.deviations(Atoms("H")), [0.5, 0.2, 0.2, 0.2])
    cell = Atoms("H", cell=[3, 3, 3], pbc=True)
    np.testing.assert_allclose(weights.deviations(cell), [0.5, 0.2, 0.2, 0.2, *[0.1] * 6])
