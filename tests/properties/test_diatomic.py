"""Diatomic curves of known shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase.calculators.lj import LennardJones
from example_potentials import Swirl

from mlffbench.properties.diatomic import diatomic


def test_a_proper_bond_has_one_well_and_a_wall() -> None:
    found = diatomic(LennardJones(sigma=2.0, epsilon=0.1, rc=12.0), "Cu", "Cu", longest=8.0, n=400)
    assert found.distances[0] == pytest.approx(0.5 * 2 * 1.32)
    assert found.tortuosity == pytest.approx(1.0)
    assert found.energy_jump == 0.0
    assert (found.force_flips, found.holes) == (1, 0)
    assert found.repulsion == pytest.approx(-1)
    assert found.distances[found.energies.argmin()] == pytest.approx(2.0 * 2 ** (1 / 6), abs=0.02)
    middle = np.abs(found.distances - 3.0).argmin()
    slope = np.gradient(found.energies, found.distances)[middle]
    assert found.forces[middle] == pytest.approx(-slope, rel=0.02)  # positive is repulsion


def test_what_is_wrong_with_a_curve_shows() -> None:
    class Hole(LennardJones):
        """Below 1.9 Å the energy turns round."""

        def calculate(self, *args: Any, **kwargs: Any) -> None:
            super().calculate(*args, **kwargs)
            if self.atoms.get_distance(0, 1) < 1.9:
                self.results["energy"] *= -0.2
                self.results["forces"] *= -0.2

    found = diatomic(Hole(sigma=2.0, epsilon=0.1, rc=12.0), "Cu", "Cu", longest=8.0)
    assert found.force_flips == 2
    assert found.energy_jump > 0.2  # eV, at 1.9 Å
    assert found.tortuosity > 1.01
    assert found.repulsion == 0  # the lowest energy is the shortest distance: there is no wall
    turning = diatomic(Swirl(), "H", "H", shortest=1.0, longest=1.5)
    assert turning.conservation == pytest.approx(0.5 * turning.distances[1:-1].mean(), rel=0.05)
