"""Models that accept unseen elements are caught."""

from __future__ import annotations

import pytest
from broken_models import AcceptsEverything

from mlffbench import testing


@pytest.mark.parametrize(
    ("cls", "check"),
    [
        (AcceptsEverything, testing.unseen_elements_are_refused),
    ],
)
def test_a_broken_model_is_caught(crystals, cls, check):
    with pytest.raises((AssertionError, KeyError, TypeError)):
        check(testing.fitted(cls, crystals))
