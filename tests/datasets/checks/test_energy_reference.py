"""Total and atomised energies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from planted_mistakes import EVERY, HARTREE, SOME, acac, atomised, found_by

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "some atomised": (
        lambda d: atomised(d, SOME),
        "energy_reference",
        "atomised in 5 and total in 555",
        True,
    ),
    "some atomised, atoms unknown": (
        lambda d: replace(atomised(d, SOME), atomic_energies=None),
        "energy_reference",
        "atomised in 5 and total in 555",
        True,
    ),
    "all atomised, atoms total": (
        lambda d: atomised(d, EVERY),
        "energy_reference",
        "are atomised, -4.8",
        True,
    ),
    "atoms in Hartree": (
        lambda d: replace(d, atomic_energies={s: e * HARTREE for s, e in d.atomic_energies.items()}),
        "energy_reference",
        "no binding energy",
        False,
    ),
}


@pytest.mark.parametrize("mistake", MOLECULE)
def test_a_mistake_planted_in_acetylacetone_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = MOLECULE[mistake]  # nothing is found before: see above
    found_by(name, plant(acac(shared_data)), says, refuses)
