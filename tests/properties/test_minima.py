"""Distinct minima and the distance of structures."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk

from mlffbench.properties.minima import distinct_minima, structure_distance
from mlffbench.properties.relaxation import Relaxation


def test_one_structure_in_any_cell_is_one_minimum() -> None:
    fcc, wide = bulk("Cu", a=3.6), bulk("Cu", a=3.6, cubic=True)
    wide.rotate(33, (1, 2, 3), rotate_cell=True)
    wide.rattle(0.005, seed=0)
    hcp = bulk("Cu", "hcp", a=3.6 / 2**0.5, covera=(8 / 3) ** 0.5)
    runs = [
        Relaxation(hcp, -1.99, 5, True, 0.0),
        Relaxation(fcc, -1.0, 5, True, 0.0),
        Relaxation(wide, -3.999, 5, True, 0.0),
        Relaxation(bulk("Cu", a=3.6), -9.0, 5, False, 1.0),
    ]
    minima = distinct_minima(runs)
    assert [m.found for m in minima] == [(1, 2), (0,)]
    assert [m.spacegroup for m in minima] == ["Fm-3m (225)", "P6_3/mmc (194)"]
    assert [m.energy for m in minima] == pytest.approx([-1.0, -0.995])


def test_the_distance_of_scaled_structures_knows_no_volume() -> None:
    small, large = bulk("Cu", a=3.6), bulk("Cu", a=4.0, cubic=True)
    assert structure_distance(small, large) > 0.3
    assert structure_distance(small, large, scaled=True) == pytest.approx(0, abs=1e-9)
    assert structure_distance(small, bulk("Ag")) == np.inf
