"""Models without the symmetries of physics are caught."""

from __future__ import annotations

import pytest
from broken_models import (
    ForgetsThatAtomsCanBeReordered,
    KnowsWhereTheOriginIs,
    LearnsTheFirstPlace,
    MistakesLeftHandedCells,
    PointsAlwaysTheSameWay,
    TrustsTheFirstFrame,
)

from mlffbench import testing


@pytest.mark.parametrize(
    ("cls", "check"),
    [
        (KnowsWhereTheOriginIs, testing.translation_changes_nothing),
        (ForgetsThatAtomsCanBeReordered, testing.permutation_permutes_the_forces),
        (LearnsTheFirstPlace, testing.order_of_training_atoms_changes_nothing),
        (TrustsTheFirstFrame, testing.order_of_training_frames_changes_nothing),
        (PointsAlwaysTheSameWay, testing.rotation_rotates_the_forces),
        (MistakesLeftHandedCells, testing.other_cell_vectors_change_nothing),
    ],
)
def test_a_broken_model_is_caught(crystals, cls, check):
    with pytest.raises((AssertionError, KeyError, TypeError)):
        check(testing.fitted(cls, crystals))
