"""Models that keep traces of an earlier fit or change their input are caught."""

from __future__ import annotations

import pytest
from broken_models import GoesOnToNothing, MovesTheAtoms, Remembers

from mlffbench import testing


@pytest.mark.parametrize(
    ("cls", "check"),
    [
        (Remembers, testing.refit_is_a_fresh_fit),
        (MovesTheAtoms, testing.inputs_stay_unchanged),
        (GoesOnToNothing, testing.a_partial_fit_goes_on),
    ],
)
def test_a_broken_model_is_caught(crystals, cls, check):
    with pytest.raises((AssertionError, KeyError, TypeError)):
        check(testing.fitted(cls, crystals))
