"""Positive numbers that maximise an evidence under their priors."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.potentials.regression.hyperparameters import maximise


def test_maximised_finds_the_peak_under_its_prior():
    peak = lambda v: -200 * (v["a"].log() - 1.0) ** 2 - 200 * (v["b"] - 0.5) ** 2
    values, height = maximise(peak, {"a": 1.0, "b": 0.2})
    assert values["a"] == pytest.approx(np.e, rel=0.02)
    assert values["b"] == pytest.approx(0.5, rel=0.1)
    assert np.isfinite(height)
