"""Acetylacetone: coordinates along its paths."""

from __future__ import annotations

import numpy as np
import pytest
from example_datasets import load, rows

pytestmark = pytest.mark.usefixtures("offline")


def test_paths_of_acac_have_their_coordinates(mirror):
    data = load("acac")
    transfer, scan = (data.columns["coordinate"][rows(data, g)] for g in ("H_transfer", "dihedral"))
    assert (np.diff(transfer) < 0).all()
    assert transfer == pytest.approx(-transfer[::-1], abs=2e-3)  # from one oxygen to the other
    measured = [data.frames[i].get_dihedral(0, 1, 2, 3) for i in rows(data, "dihedral")]
    assert scan == pytest.approx(measured, abs=1e-3)
    assert not np.isfinite(data.columns["coordinate"][rows(data, "test_600K")]).any()
    assert set(data.card["coordinates"]) == {"H_transfer", "dihedral"}
