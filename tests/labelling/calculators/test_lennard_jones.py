"""Lennard-Jones argon: its well and its cutoff."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from example_calculators import make


def test_lennard_jones_has_its_well():
    argon = Atoms("Ar2", [(0, 0, 0), (0, 0, 2 ** (1 / 6) * 3.4)], calculator=make("lennard_jones"))
    assert argon.get_potential_energy() == pytest.approx(-0.0104)
    assert np.allclose(argon.get_forces(), 0.0, atol=1e-12)
    far = Atoms("Ar2", [(0, 0, 0), (0, 0, 10.19)], calculator=make("lennard_jones"))
    assert np.abs(far.get_forces()).max() < 1e-6, "smooth at the cutoff, 10.2 Å"
