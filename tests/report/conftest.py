"""Documents that the tests of several formats share."""

from __future__ import annotations

import pytest
from example_documents import failed, measured, outcome


@pytest.fixture
def documents():
    """Two methods that cannot be told apart, a worse one, a failure."""
    return [outcome("worse", 0.05), failed("gap"), outcome("close", 0.021), outcome("best", 0.020)]


@pytest.fixture
def measured_documents():
    """Two methods with tasks, one of them with two seeds."""
    return [measured("soft", 140.0), measured("soft", 144.0, seed=1), measured("stiff", 165.0)]
