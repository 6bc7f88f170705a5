"""Quantities that order frames."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from scipy.spatial.transform import Rotation

from mlffbench.data import Dataset, Labels
from mlffbench.splits.common.quantities import largest_strain


def test_extrapolation_by_strain_knows_the_strain_and_no_rotation():
    rng, size = np.random.default_rng(0), np.array([0.0, 0.0, 0.0, 0.01, -0.02, 0.03, -0.04, 0.05])
    frames = [bulk("Ar", "fcc", a=5.26, cubic=True) for _ in size]
    for atoms, e in zip(frames, size, strict=True):
        cell = np.asarray(atoms.cell) @ np.diag([1 + e, 1, 1])
        atoms.set_cell(cell @ Rotation.random(rng=rng).as_matrix(), scale_atoms=True)
    found = largest_strain(Dataset("s", frames, Labels(np.zeros(8))))
    assert found == pytest.approx(np.abs(size + size**2 / 2), abs=1e-12)
