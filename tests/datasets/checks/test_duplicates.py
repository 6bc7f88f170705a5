"""Structures that occur more than once."""

from __future__ import annotations

import pytest
from planted_mistakes import acac, energies, found_by, repeated

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "duplicates": (lambda d: repeated(d, 3), "duplicates", "3 of 563 frames repeat others; leave", False),
    "duplicates that disagree": (
        lambda d: energies(repeated(d, 3), slice(560, None), lambda e: e + 30),
        "duplicates",
        "energies differ by up to 2 eV an atom",
        False,
    ),
}


@pytest.mark.parametrize("mistake", MOLECULE)
def test_a_mistake_planted_in_acetylacetone_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = MOLECULE[mistake]  # nothing is found before: see above
    found_by(name, plant(acac(shared_data)), says, refuses)
