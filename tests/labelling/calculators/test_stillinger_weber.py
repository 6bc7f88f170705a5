"""Stillinger–Weber silicon against its published crystal."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from example_calculators import make


def test_stillinger_weber_silicon_has_the_published_crystal():
    energies = []
    lattice = np.array([5.42, 5.431, 5.442])
    for a in lattice:
        silicon = bulk("Si", a=a)
        silicon.calc = make("stillinger_weber")
        energies.append(silicon.get_potential_energy() / 2)
    assert energies[1] == pytest.approx(-4.3366, abs=2e-4)
    c2, c1, _ = np.polyfit(lattice, energies, 2)
    assert -c1 / (2 * c2) == pytest.approx(5.431, abs=5e-4)
