"""Forces that do not add up to zero."""

from __future__ import annotations

import pytest
from planted_mistakes import X, acac, forces, found_by

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "net force": (
        lambda d: forces(d, range(500), lambda f: f + 0.05 * X),
        "net_force",
        "0.75 eV/Å",
        False,
    ),
}


@pytest.mark.parametrize("mistake", MOLECULE)
def test_a_mistake_planted_in_acetylacetone_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = MOLECULE[mistake]  # nothing is found before: see above
    found_by(name, plant(acac(shared_data)), says, refuses)
