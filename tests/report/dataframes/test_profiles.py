"""Energy profiles by hand."""

from __future__ import annotations

import numpy as np
import pytest
from example_documents import outcome, row

from mlffbench.report.dataframes.profiles import aligned, profile_errors
from mlffbench.report.results import Results


def test_profiles_are_aligned_at_the_reference_minimum():
    curve = aligned(outcome("a")["profiles"]["proton_transfer"])
    np.testing.assert_allclose(curve.reference, [100, 300, 0], atol=1e-6)
    np.testing.assert_allclose(curve.predicted, [100, 400, 0], atol=1e-6)
    errors = row(profile_errors(Results.from_documents([outcome("a")])), "a")
    assert errors["top_error"] == pytest.approx(100)
    assert errors["rmse"] == pytest.approx(100 / np.sqrt(3))
