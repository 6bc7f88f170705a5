"""Order of the shear stresses."""

from __future__ import annotations

import pytest
from planted_mistakes import check, found_by, silicon, stresses

SOLID = {  # what is planted in mlearn's silicon: how, the check, what it says, whether it refuses
    "VASP's order": (
        lambda d: stresses(d, lambda s, a: s[[0, 1, 2, 5, 3, 4]]),
        "stress_order",
        "look like xy yz xz",
        True,
    ),
}


@pytest.mark.parametrize("mistake", SOLID)
def test_a_mistake_planted_in_silicon_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = SOLID[mistake]
    assert not check(name, silicon(shared_data))
    found_by(name, plant(silicon(shared_data)), says, refuses)
