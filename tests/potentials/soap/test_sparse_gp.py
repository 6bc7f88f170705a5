"""Sparse Gaussian processes against the exact one, and the frames that tune them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from ase import Atoms
from example_kernels import springs, water

from mlffbench.descriptors import graph
from mlffbench.descriptors.neighbour_density import placed
from mlffbench.descriptors.power_spectrum import Basis
from mlffbench.potentials.soap.batch_sizes import equal_parts
from mlffbench.potentials.soap.environments import describe
from mlffbench.potentials.soap.sparse_gp import SUBSET, extended, fit, random_frames
from mlffbench.potentials.soap.training_batches import Batches

BASIS = Basis((1, 8), 4.0, 4, 3, 0.4, smooth=True)


def fitted(batches: Batches, n_sparse: int = 1000):
    noise = {"energy": 0.02, "forces": 0.1, "stress": 0.1}
    return fit(batches, 2.0, noise, n_sparse, "farthest_point", False, np.random.default_rng(0))


def test_with_every_environment_as_a_point_the_mean_is_that_of_the_exact_process():
    frames, test = water(8), water(3, seed=4)
    labels = replace(springs(frames), forces=None)
    process = fitted(Batches(frames, labels, BASIS, equal_parts(len(frames), 3), "cpu"))
    batch = graph.build(frames + test, BASIS.radius)
    unit = describe(batch, BASIS).unit
    local = (unit @ unit.T) ** 2 * (batch.numbers[:, None] == batch.numbers)
    k = process.variance * batch.sum_atoms(batch.sum_atoms(local).T)
    covariance = k[:8, :8] + 3 * 0.02**2 * torch.eye(8, dtype=torch.float64)
    expected = k[8:, :8] @ torch.linalg.solve(covariance, torch.as_tensor(labels.energy))
    predicted = process.predict([placed(graph.build(test, BASIS.radius), BASIS)], 0.0, uncertainty=False)
    np.testing.assert_allclose(predicted.energy, expected, atol=1e-5)


def test_more_frames_keep_the_points_and_change_the_weights():
    frames = water(8)
    batches = Batches(frames[:5], springs(frames[:5]), BASIS, equal_parts(len(frames[:5]), 3), "cpu")
    process = fitted(batches, n_sparse=6)
    before = process.weights.clone()
    grown = extended(process, Batches(frames[5:], springs(frames[5:]), BASIS, [slice(0, 3)], "cpu"))
    assert grown.kernel is process.kernel
    assert {z: len(points) for z, points in grown.kernel.points.items()} == {1: 6, 8: 5}  # of five oxygens
    assert grown.problem.count == 8 * 10  # an energy and nine force components each
    assert (grown.weights - before).abs().max() > 1e-3


def test_random_frames_hold_enough_atoms_and_are_at_least_two():
    rng = np.random.default_rng(0)
    small = [Atoms("H" * 7) for _ in range(400)]
    picks = random_frames(small, rng)
    assert SUBSET - 7 <= 7 * len(picks) <= SUBSET + 7
    assert (np.diff(picks) > 0).all()
    large = [Atoms("H" * (2 * SUBSET)) for _ in range(5)]
    assert len(random_frames(large, rng)) == 2
