"""Models that lose fitted values or hold code are caught."""

from __future__ import annotations

import os

import pytest
from broken_models import ForgetsWhatItDoesNotName, LearnsCode

from mlffbench import testing


@pytest.mark.parametrize(
    ("cls", "check"),
    [
        (ForgetsWhatItDoesNotName, testing.save_keeps_predictions),
        (ForgetsWhatItDoesNotName, testing.pickle_keeps_predictions),
        (LearnsCode, testing.save_keeps_predictions),
    ],
)
def test_a_broken_model_is_caught(crystals, cls, check):
    with pytest.raises((AssertionError, KeyError, TypeError)):
        check(testing.fitted(cls, crystals))


def test_a_class_of_your_own_is_trusted_for_the_check_alone(crystals, monkeypatch):
    monkeypatch.delenv("MLFFBENCH_TRUST", raising=False)
    with pytest.raises(AssertionError):
        testing.save_keeps_predictions(testing.fitted(ForgetsWhatItDoesNotName, crystals))
    assert "MLFFBENCH_TRUST" not in os.environ
