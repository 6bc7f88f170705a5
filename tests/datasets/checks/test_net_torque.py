"""Forces that turn molecules."""

from __future__ import annotations

import pytest
from planted_mistakes import acac, found_by, turned

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "turned forces": (turned, "net_torque", "orientation", False),
}


@pytest.mark.parametrize("mistake", MOLECULE)
def test_a_mistake_planted_in_acetylacetone_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = MOLECULE[mistake]  # nothing is found before: see above
    found_by(name, plant(acac(shared_data)), says, refuses)
