"""A bond that tears."""

from __future__ import annotations

import pytest
from example_molecule import TornToy, dataset, rows, scores


def test_a_torn_bond_shows() -> None:
    data, split = dataset()
    torn = scores(rows(TornToy(), data, split, include=["dissociation"], bonds=[[1, 0]]))
    assert torn["C1-O0", "bond energy", "jump"].value == pytest.approx(2.0, abs=0.01)
    assert torn["C1-O0", "bond energy", "error"].value == pytest.approx(2.0, abs=0.01)
