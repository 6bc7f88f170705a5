"""Example data of the contract."""

from __future__ import annotations

import pytest

from mlffbench import testing


@pytest.fixture(scope="session")
def crystals():
    return testing.solids(6)


@pytest.fixture(scope="session")
def cells():
    return testing.alloys(6)
