"""Smoothness of a truncated and of a smoothly switched Lennard-Jones potential at the cutoff."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones

from mlffbench.properties.smoothness import smoothness

PAIR = Atoms("Ar2", [[0, 0, 0], [2.5, 0, 0]])


class Truncated(LennardJones):
    """0.3 eV lower where the two atoms are farther apart than 3.1 Å."""

    def calculate(self, *args: Any, **kwargs: Any) -> None:
        super().calculate(*args, **kwargs)
        self.results["energy"] -= 0.3 * (self.atoms.get_distance(0, 1) > 3.1)


def test_a_smooth_potential_has_no_jumps() -> None:
    result = smoothness(LennardJones(sigma=2.0, epsilon=0.1, rc=4.0, smooth=True), PAIR, rattle=0.0)
    assert result.scales[[0, -1]] == pytest.approx([1.0, 1.8])
    assert result.energy_jump < 1e-4
    assert result.force_jump < 1e-3


def test_a_step_of_the_energy_shows_with_its_full_height() -> None:
    result = smoothness(Truncated(sigma=2.0, epsilon=0.1, rc=4.0, smooth=True), PAIR, rattle=0.0)
    assert result.energy_jump == pytest.approx(0.3 / 2, rel=1e-2)  # per atom


def test_the_seed_decides_the_displacements() -> None:
    one, same, other = (
        smoothness(LennardJones(sigma=2.0, epsilon=0.1, rc=4.0), PAIR, n=5, seed=s) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.energies, same.energies)
    assert not np.allclose(one.energies, other.energies)
