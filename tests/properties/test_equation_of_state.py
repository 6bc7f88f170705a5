"""Equation of state of Lennard-Jones crystals against lattice sums."""

from __future__ import annotations

import pytest
from ase import units
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from example_potentials import A6, A12, lennard_jones

from mlffbench.properties.equation_of_state import equation_of_state


def test_equation_of_state_of_lennard_jones_is_that_of_the_lattice_sums() -> None:
    found = equation_of_state(lennard_jones(), bulk("Cu", a=3.6))  # a fifth of the volume away
    nearest = (found.volume * 2**0.5) ** (1 / 3)
    assert nearest == pytest.approx(2.5 * (2 * A12 / A6) ** (1 / 6), rel=1e-3)
    assert found.energy == pytest.approx(-0.1 * A6**2 / (2 * A12), rel=6e-3)
    modulus = 4 * 0.1 / 2.5**3 * A12 * (A6 / A12) ** 2.5 / units.GPa
    assert found.bulk_modulus == pytest.approx(modulus, rel=0.01)
    assert found.atoms.get_volume() / len(found.atoms) == pytest.approx(found.volume)
    assert found.residual < 1e-4


def test_what_is_no_crystal_has_no_equation_of_state() -> None:
    with pytest.raises(ValueError, match=r"He has no minimum of energy near .* the last volume tried"):
        equation_of_state(LennardJones(sigma=2.0, epsilon=-0.1, rc=6.0), bulk("He", "fcc", a=4.0))
    with pytest.raises(ValueError, match="at least 5"):
        equation_of_state(EMT(), bulk("Cu"), n_volumes=4)
