"""Extended tight binding against the energies of its manual."""

from __future__ import annotations

import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.calculator import CalculationFailed
from example_calculators import make


def test_tblite_has_the_energy_of_its_manual():
    water = molecule("H2O")
    water.calc = make("tblite")
    assert water.get_potential_energy() == pytest.approx(-137.96777594, abs=1e-4)
    water.calc = make("tblite", charge=-1)
    assert water.get_potential_energy() == pytest.approx(-131.50015843, abs=1e-4)
    water.calc = make("tblite", method="GFN1-xTB")
    assert water.get_potential_energy() == pytest.approx(-156.96750590, abs=1e-4)


def test_tblite_takes_the_multiplicity_from_magnetic_moments():
    given = Atoms("O", calculator=make("tblite", multiplicity=3))
    moments = Atoms("O", magmoms=[2], calculator=make("tblite"))
    assert moments.get_potential_energy() == pytest.approx(given.get_potential_energy(), abs=1e-8)


def test_tblite_that_does_not_converge_is_an_error():
    with pytest.raises(CalculationFailed):
        make("tblite", max_iterations=2).get_potential_energy(molecule("H2O"))
