"""Energies that are not additive and predictions that depend on the batch are caught."""

from __future__ import annotations

import pytest
from broken_models import (
    IsNotExtensive,
    KnowsOnlyTheFirstImage,
    LooksAtTheWholeBatch,
    PadsTheBatch,
    PointsAlwaysTheSameWay,
)

from mlffbench import testing


@pytest.mark.parametrize(
    ("cls", "check"),
    [
        (PointsAlwaysTheSameWay, testing.a_single_atom_has_no_force),
        (IsNotExtensive, testing.two_far_copies_are_twice_one),
        (LooksAtTheWholeBatch, testing.one_by_one_is_the_batch),
    ],
)
def test_a_broken_model_is_caught(crystals, cls, check):
    with pytest.raises((AssertionError, KeyError, TypeError)):
        check(testing.fitted(cls, crystals))


@pytest.mark.parametrize(
    ("cls", "check"),
    [
        (KnowsOnlyTheFirstImage, testing.a_supercell_is_n_cells),
        (IsNotExtensive, testing.a_supercell_is_n_cells),
        (PadsTheBatch, testing.sizes_may_be_mixed),
        (PadsTheBatch, testing.one_by_one_is_the_batch),
    ],
)
def test_small_cells_catch_what_large_ones_hide(cells, cls, check):
    with pytest.raises(AssertionError):
        check(testing.fitted(cls, cells))
