"""Shapes of batches, places of atoms, and the room for Jacobians."""

from __future__ import annotations

import numpy as np
from example_alloys import SOME, training_frames

from mlffbench.potentials.networks.acsf_batches import places


def test_some_jacobians_find_room() -> None:
    described = [training_frames(cache_bytes=size).described for size in (1e9, SOME, 0.0)]
    assert 8 == described[0].n_kept > described[1].n_kept > described[2].n_kept == 0
    assert (described[1].jacobian[:-1].numel() + described[1].vectors[:-1].numel()) * 8 <= SOME


def test_padded_batches_have_few_shapes() -> None:
    frames = training_frames()
    shapes = frames.batches.shapes(range(8), 4)
    batches = [frames.batches.batch(chosen, shapes) for chosen in ([0, 1, 2, 3], [4, 5, 6, 7], [3, 1, 5, 2])]
    assert len({tuple(t.shape for t in vars(batch).values()) for batch in batches}) <= 2


def test_atoms_are_sorted_into_a_table_of_elements() -> None:
    place, order = places(np.array([2, 0, 2, 0, 0]), 3, 4)
    np.testing.assert_array_equal(place, [0, 1, 2, 8, 9])
    np.testing.assert_array_equal(order, [1, 3, 4, 0, 2])
