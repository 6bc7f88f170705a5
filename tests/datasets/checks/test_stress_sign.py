"""Sign of stresses."""

from __future__ import annotations

import pytest
from ase.units import GPa
from planted_mistakes import check, found_by, scaled, silicon

SOLID = {  # what is planted in mlearn's silicon: how, the check, what it says, whether it refuses
    "stress with flipped sign": (lambda d: scaled(d, stress=-1), "stress_sign", "wrong sign", True),
    "sign of a stress in kbar": (lambda d: scaled(d, stress=-10 / GPa), "stress_sign", "wrong sign", True),
}


@pytest.mark.parametrize("mistake", SOLID)
def test_a_mistake_planted_in_silicon_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = SOLID[mistake]
    assert not check(name, silicon(shared_data))
    found_by(name, plant(silicon(shared_data)), says, refuses)
