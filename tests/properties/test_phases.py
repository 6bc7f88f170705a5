"""Phases of pair potentials: energy order, transformations and failures."""

from __future__ import annotations

import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from example_potentials import BOND_ENERGY, BOND_LENGTH, BondedNeighbours

from mlffbench.properties.phases import phases


def test_phases_of_a_pair_crystal_count_their_neighbours() -> None:
    structures = {
        "sc": bulk("Cu", "sc", a=1.02 * BOND_LENGTH),
        "bcc": bulk("Cu", "bcc", a=1.02 * BOND_LENGTH * 2 / 3**0.5),
        "fcc": bulk("Cu", "fcc", a=1.02 * BOND_LENGTH * 2**0.5),
        "hcp": bulk("Cu", "hcp", a=1.02 * BOND_LENGTH, covera=(8 / 3) ** 0.5),
    }
    found = phases(BondedNeighbours(), structures)
    assert not found.failures
    assert not found.fell
    for name, bonds in {"sc": 3, "bcc": 4, "fcc": 6, "hcp": 6}.items():
        assert found.energies[name] == pytest.approx(-bonds * BOND_ENERGY, abs=1e-5)
    assert found.differences["sc"] == pytest.approx(3 * BOND_ENERGY, abs=1e-5)
    assert found.order[2:] == ("bcc", "sc")
    assert found.volumes["hcp"] == pytest.approx(BOND_LENGTH**3 / 2**0.5, rel=1e-3)
    assert found.volumes["bcc"] == pytest.approx(BOND_LENGTH**3 * 4 / 27**0.5, rel=1e-3)


def test_hexagonal_lennard_jones_is_lower_by_a_ten_thousandth() -> None:
    """The lattice sums 14.45392, 12.13188 and 14.45490, 12.13229 (Kittel) give E ∝ A₆²/A₁₂."""
    a = 2.5 * (2 * 12.13188 / 14.45392) ** (1 / 6)
    structures = {
        "fcc": bulk("Ar", "fcc", a=a * 2**0.5),
        "hcp": bulk("Ar", "hcp", a=a, covera=(8 / 3) ** 0.5),
    }
    found = phases(LennardJones(sigma=2.5, epsilon=0.1, rc=12.5), structures, stress=False)
    exact = 1 - (14.45392**2 / 12.13188) / (14.45490**2 / 12.13229)
    assert found.order == ("hcp", "fcc")
    assert found.differences["fcc"] / -found.energies["hcp"] == pytest.approx(exact, rel=0.3)


def test_a_phase_that_falls_into_another_is_named() -> None:
    """Along Bain's path from bcc to fcc, copper rolls down."""
    bct = Atoms("Cu2", scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], cell=[2.6, 2.6, 3.3], pbc=True)
    found = phases(EMT(), {"fcc": bulk("Cu"), "bct": bct})
    assert found.fell == {"bct": "fcc"}
    assert phases(EMT(), {"bct": bct}).fell == {"bct": "Fm-3m"}
    assert found.energies["bct"] == pytest.approx(found.energies["fcc"], abs=1e-5)


def test_a_phase_that_does_not_relax_costs_only_itself() -> None:
    loose = bulk("Cu", cubic=True)
    loose.rattle(0.2, seed=0)
    found = phases(EMT(), {"fcc": bulk("Cu", a=3.59), "loose": loose}, steps=2)
    assert found.order == ("fcc",)
    assert "not relaxed after 2 steps" in found.failures["loose"]
    with pytest.raises(ValueError, match="different compositions"):
        phases(EMT(), {"a": bulk("Cu"), "b": bulk("NiAl", "cesiumchloride", a=2.9)})
