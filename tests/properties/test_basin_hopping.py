"""Basin hopping of Lennard-Jones clusters with known ground states."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.calculators.lj import LennardJones

from mlffbench.properties.basin_hopping import basin_hopping


class Cluster(Calculator):
    """4 (r⁻¹² − r⁻⁶) over all pairs, many clusters of one size at once."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def calculate_many(
        self, structures: list[Atoms], quantities: Collection[str] | None = None
    ) -> list[dict[str, Any]]:
        x = np.stack([a.positions for a in structures])
        apart = x[:, :, None] - x[:, None]
        inverse = 1 / ((apart**2).sum(axis=-1) + np.diag([np.inf] * x.shape[1]))
        energy = 2 * (inverse**6 - inverse**3).sum(axis=(1, 2))
        pull = 24 * (2 * inverse**7 - inverse**4)
        forces = (pull[..., None] * apart).sum(axis=2)
        return [{"energy": e, "forces": f} for e, f in zip(energy, forces, strict=True)]


def test_basin_hopping_finds_the_icosahedron_of_thirteen() -> None:
    """−44.3268 ε: D. J. Wales and J. P. K. Doye, J. Phys. Chem. A 101, 5111 (1997), table 1."""
    rng = np.random.default_rng(0)
    starts = [Atoms("Ar13", rng.uniform(-1.5, 1.5, (13, 3))) for _ in range(2)]
    found = basin_hopping(Cluster(), starts, hops=5, temperature=0.8)
    assert 13 * found.minima[0].energy == pytest.approx(-44.3268, abs=1e-3)
    assert len(found.runs) == 2 + 2 * 5
    atoms = found.minima[0].atoms
    atoms.calc = LennardJones(rc=1e3)
    assert atoms.get_potential_energy() == pytest.approx(-44.3268, abs=1e-3)


def test_the_seed_decides_where_basin_hopping_goes() -> None:
    start = [Atoms("Ar4", [[0, 0, 0], [1.1, 0, 0], [0, 1.1, 0], [0, 0, 1.1]])]
    one, same, other = (basin_hopping(Cluster(), start, hops=2, seed=s) for s in (3, 3, 4))
    assert [run.energy for run in one.runs] == [run.energy for run in same.runs]
    assert [run.energy for run in one.runs] != [run.energy for run in other.runs]
    assert 4 * one.minima[0].energy == pytest.approx(-6, abs=1e-3)


def test_basin_hopping_needs_starts_that_relax() -> None:
    with pytest.raises(ValueError, match="start 0 does not relax in 1 steps: its largest force"):
        basin_hopping(LennardJones(), [Atoms("Ar3", [[0, 0, 0], [1, 0, 0], [0, 1.3, 0]])], steps=1)
