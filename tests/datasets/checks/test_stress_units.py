"""Units of stresses."""

from __future__ import annotations

import pytest
from ase.units import GPa
from planted_mistakes import HARTREE, PER_BOHR, check, found_by, scaled, silicon, stresses

SOLID = {  # what is planted in mlearn's silicon: how, the check, what it says, whether it refuses
    "stress in GPa": (lambda d: scaled(d, stress=1 / GPa), "stress_units", "like GPa: it is 160", True),
    "stress in kbar": (
        lambda d: scaled(d, stress=-10 / GPa),
        "stress_units",
        "like kbar or a virial in eV: it is 160",
        True,
    ),
    "virial": (lambda d: stresses(d, lambda s, a: s * a.get_volume()), "stress_units", "virial in eV", True),
}


@pytest.mark.parametrize("mistake", SOLID)
def test_a_mistake_planted_in_silicon_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = SOLID[mistake]
    assert not check(name, silicon(shared_data))
    found_by(name, plant(silicon(shared_data)), says, refuses)


def test_wrong_energies_are_not_laid_at_the_door_of_the_stress(shared_data):
    planted = scaled(silicon(shared_data), energy=HARTREE, forces=PER_BOHR)
    assert check("force_units", planted)
    assert not check("stress_units", planted)
