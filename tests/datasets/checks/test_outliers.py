"""Labels that do not belong to their frames."""

from __future__ import annotations

import pytest
from planted_mistakes import acac, check, energies, forces, found_by, silicon

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "energy outlier": (
        lambda d: energies(d, [7], lambda e: e + 20),
        "outliers",
        "^the energies of 1 of 560 frames",
        False,
    ),
    "low outlier": (
        lambda d: energies(d, [7], lambda e: e - 5),
        "outliers",
        "^the energies of 1 of 560 frames",
        False,
    ),
    "force outlier": (lambda d: forces(d, [7], lambda f: 30 * f), "outliers", "^the forces of 1 of ", False),
}
SOLID = {  # likewise in mlearn's silicon
    "force outlier": (lambda d: forces(d, [7], lambda f: 30 * f), "outliers", "^the forces of 1 of ", False),
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
