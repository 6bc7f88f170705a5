"""Gradients stored as forces."""

from __future__ import annotations

import pytest
from planted_mistakes import acac, check, found_by, scaled, silicon

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "gradients": (lambda d: scaled(d, 1, -1), "force_sign", "wrong sign", True),
}
SOLID = {  # likewise in mlearn's silicon
    "gradients": (lambda d: scaled(d, 1, -1), "force_sign", "wrong sign", True),
}


@pytest.mark.parametrize("mistake", MOLECULE)
def test_a_mistake_planted_in_acetylacetone_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = MOLECULE[mistake]  # nothing is found before: see above
    found_by(name, plant(acac(shared_data)), says, refuses)


@pytest.mark.parametrize("mistake", SOLID)
def test_a_mistake_planted_in_silicon_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = SOLID[mistake]
    assert not check(name, silicon(shared_data))
    found_by(name, plant(silicon(shared_data)), says, refuses)
