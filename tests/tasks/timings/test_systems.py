"""Copies of crystals and molecules: the same environments, many times."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from mlffbench.tasks.timings.systems import batch, copies_of, geometric_sizes


@pytest.mark.parametrize("n", [1, 7, 8, 27, 60])
def test_copies_of_a_molecule_are_apart(n):
    water = molecule("H2O")
    many = copies_of(water, n)
    assert many.numbers.tolist() == water.numbers.tolist() * n
    distances = many.get_all_distances()
    same = np.repeat(np.arange(n), 3)
    assert np.allclose(distances[:3, :3], water.get_all_distances())
    apart = distances[same[:, None] != same]
    assert apart.size == 0 or apart.min() >= 20.0


def test_a_crystal_grows_as_a_cube():
    copper = bulk("Cu", cubic=True)
    for n, repeats in ((8, [2, 2, 2]), (64, [4, 4, 4]), (12, [3, 2, 2]), (5, [5, 1, 1])):
        many = copies_of(copper, n)
        assert len(many) == 4 * n
        assert sorted(np.round(many.cell.lengths() / copper.cell.lengths()).astype(int))[::-1] == repeats
    slab = Atoms("Cu", cell=[3, 3, 30], pbc=[True, True, False])
    assert copies_of(slab, 16).cell.lengths()[2] == 30, "nothing is repeated where nothing is periodic"


def test_no_copy_is_no_system():
    with pytest.raises(ValueError, match="at least one copy, not 0"):
        copies_of(bulk("Cu"), 0)


def test_sizes_grow_to_the_largest():
    assert geometric_sizes(11111, 4) == [1, 4, 16, 64, 256, 1024, 4096, 11111]
    assert geometric_sizes(20, 4) == [1, 4, 16]
    assert geometric_sizes(1, 4) == [1]


def test_a_batch_begins_again():
    assert batch(["a", "b", "c"], 5) == ["a", "b", "c", "a", "b"]
