"""Shapes of padded batches hold every batch and are few."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.potentials.networks.padding import LEVELS, RATIO, SPARE, Shapes


@pytest.mark.parametrize("batch_size", [1, 3, 20, 50])
def test_every_batch_has_a_shape_that_is_not_much_larger(batch_size: int) -> None:
    rng = np.random.default_rng(0)
    atoms = rng.integers(1, 30, 20)
    pairs = atoms * rng.integers(0, 12, 20)
    shapes = Shapes.of(atoms, pairs, batch_size)
    assert shapes.frames == batch_size + 1
    assert len(shapes.levels) <= LEVELS
    for _ in range(200):
        picks = rng.choice(20, min(batch_size, 20), replace=False)
        n, p = int(atoms[picks].sum()), int(pairs[picks].sum())
        most, most_pairs = shapes.least(n, p)
        assert most >= n + SPARE
        assert most_pairs >= max(p, 1)
        smallest = (most, most_pairs) == shapes.levels[0]
        assert smallest or most - SPARE <= RATIO * n + 1 or most_pairs <= RATIO * p + 1


def test_equal_frames_have_the_shape_of_a_full_batch_and_smaller_ones_for_the_last() -> None:
    shapes = Shapes.of([15] * 9, [100] * 9, 4)
    assert shapes.least(60, 400) == shapes.levels[-1] == (60 + SPARE, 400)
    assert shapes.least(15, 100)[1] < 200


def test_atoms_without_neighbours_have_a_shape() -> None:
    assert Shapes.of([1, 1], [0, 0], 2).least(2, 0) == (2 + SPARE, 1)
