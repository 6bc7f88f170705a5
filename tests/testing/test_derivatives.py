"""Wrong forces and stresses are caught."""

from __future__ import annotations

import pytest
from broken_models import ForcesTooLarge, StressOfTheOtherSign

from mlffbench import testing


@pytest.mark.parametrize(
    ("cls", "check"),
    [
        (ForcesTooLarge, testing.forces_are_minus_the_gradient),
        (StressOfTheOtherSign, testing.stress_is_the_strain_derivative),
    ],
)
def test_a_broken_model_is_caught(crystals, cls, check):
    with pytest.raises((AssertionError, KeyError, TypeError)):
        check(testing.fitted(cls, crystals))
