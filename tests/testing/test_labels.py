"""Wrong treatment of missing labels and wrong uncertainties are caught."""

from __future__ import annotations

import pytest
from broken_models import (
    IsCertainBelowZero,
    IsUncertainAboutOneFrameOnly,
    NeedsForces,
    ReadsMissingForcesAsZero,
)

from mlffbench import testing


@pytest.mark.parametrize(
    ("cls", "check"),
    [
        (ReadsMissingForcesAsZero, testing.missing_labels_stay_missing),
        (NeedsForces, testing.energies_alone_are_enough),
        (IsCertainBelowZero, testing.uncertainties_are_positive),
        (IsUncertainAboutOneFrameOnly, testing.uncertainties_are_positive),
    ],
)
def test_a_broken_model_is_caught(crystals, cls, check):
    with pytest.raises((AssertionError, KeyError, TypeError)):
        check(testing.fitted(cls, crystals))
