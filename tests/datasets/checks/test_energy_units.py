"""Units of total energies."""

from __future__ import annotations

import pytest
from planted_mistakes import HARTREE, KCAL, PER_BOHR, acac, found_by, scaled

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "total energies in kcal/mol": (lambda d: scaled(d, KCAL), "energy_units", "look like kcal/mol", True),
    "total energies of both": (lambda d: scaled(d, KCAL, KCAL), "energy_units", "look like kcal/mol", True),
    "both in kJ/mol": (lambda d: scaled(d, 4.184 * KCAL, 4.184 * KCAL), "energy_units", "like kJ/mol", True),
    "total energies in Hartree": (
        lambda d: scaled(d, HARTREE, PER_BOHR),
        "energy_units",
        "like Hartree",
        True,
    ),
}


@pytest.mark.parametrize("mistake", MOLECULE)
def test_a_mistake_planted_in_acetylacetone_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = MOLECULE[mistake]  # nothing is found before: see above
    found_by(name, plant(acac(shared_data)), says, refuses)
