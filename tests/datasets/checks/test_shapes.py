"""Forces for another number of atoms."""

from __future__ import annotations

import pytest
from ase import Atoms
from planted_mistakes import acac, alone, check, forces, found_by

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "forces of other frames": (
        lambda d: forces(d, [7], lambda f: f[1:]),
        "shapes",
        "15 atoms and 14 forces",
        True,
    ),
}


@pytest.mark.parametrize("mistake", MOLECULE)
def test_a_mistake_planted_in_acetylacetone_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = MOLECULE[mistake]  # nothing is found before: see above
    found_by(name, plant(acac(shared_data)), says, refuses)


def test_structures_are_refused_or_warned_of():
    water = Atoms("OHH", [(0, 0, 0), (0.96, 0, 0), (-0.24, 0.93, 0)])
    assert [f.frames for f in check("shapes", alone(water, Atoms()))] == [(1,)]
