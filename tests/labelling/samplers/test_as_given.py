"""The structure of the recipe, unchanged."""

from __future__ import annotations

import numpy as np
from example_samples import nitrogen

from mlffbench.labelling.samplers.as_given import as_given


def test_as_given_is_as_given():
    (frame,) = as_given(nitrogen(), None, 0)
    assert np.array_equal(frame.positions, nitrogen().positions)
