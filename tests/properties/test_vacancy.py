"""Vacancies of a pair potential."""

from __future__ import annotations

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones

from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.vacancy import vacancy_formation


def test_a_vacancy_of_pair_potentials_costs_the_cohesive_energy_before_it_relaxes() -> None:
    """Removing an atom breaks its bonds; the half that the bulk's chemical potential gives back is −E/n."""
    atoms = relaxed(lennard_jones_short(), bulk("Cu", a=3.9), cell=True, fmax=1e-4)
    cohesive = -atoms.get_potential_energy()
    found = vacancy_formation(lennard_jones_short(), atoms, min_length=9.0)
    assert found.unrelaxed_energy == pytest.approx(cohesive, rel=1e-6)
    assert 0.9 * cohesive < found.energy < cohesive
    with pytest.raises(ValueError, match="several elements"):
        vacancy_formation(EMT(), bulk("CuAu", "rocksalt", a=5.0))


def lennard_jones_short() -> LennardJones:
    return LennardJones(sigma=2.5, epsilon=0.1, rc=4.4)
