"""Labels that are zero because they are missing."""

from __future__ import annotations

import pytest
from planted_mistakes import acac, check, energies, forces, found_by, scaled, silicon

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "zeros for missing forces": (
        lambda d: forces(d, [5, 6], lambda f: 0 * f),
        "zeros",
        "forces of 2 ",
        False,
    ),
    "zeros for missing energies": (
        lambda d: energies(d, [5], lambda e: 0 * e),
        "zeros",
        "energies of 1 ",
        False,
    ),
}
SOLID = {  # likewise in mlearn's silicon
    "zeros for missing stresses": (
        lambda d: scaled(d, stress=0),
        "zeros",
        r"stresses of (\d+) of \1 ",
        False,
    ),
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
