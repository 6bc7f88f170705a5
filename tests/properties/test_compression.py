"""Holes in the energy under compression."""

from __future__ import annotations

from typing import Any

from ase.build import bulk
from ase.calculators.lj import LennardJones

from mlffbench.properties.compression import compression


def test_a_wall_has_no_holes_and_a_hole_is_found() -> None:
    crystal = bulk("Cu", a=3.6)
    wall = compression(LennardJones(sigma=2.3, epsilon=0.2, rc=6.0), crystal, n=21)
    assert (wall.holes, wall.depth) == (0, 0.0)

    class Hole(LennardJones):
        def calculate(self, *args: Any, **kwargs: Any) -> None:
            super().calculate(*args, **kwargs)
            if self.atoms.get_volume() < 4.0:
                self.results["energy"] *= -1

    found = compression(Hole(sigma=2.3, epsilon=0.2, rc=6.0), crystal, n=21)
    assert found.holes > 1
    assert found.depth > 1
