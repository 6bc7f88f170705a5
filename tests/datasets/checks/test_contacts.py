"""Overlapping atoms, and positions in other units than Å."""

from __future__ import annotations

import pytest
from ase import Atoms
from ase.units import Bohr
from planted_mistakes import acac, alone, check, found_by, frames, silicon

from mlffbench.datasets.checks import checkup

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "positions in bohr": (lambda d: frames(d, length=1 / Bohr), "contacts", "look like bohr", True),
    "positions in nm": (lambda d: frames(d, length=0.1), "contacts", "look like nm", True),
}
SOLID = {  # likewise in mlearn's silicon
    "positions in nm": (lambda d: frames(d, length=0.1), "contacts", "look like nm", True),
    "positions in bohr": (lambda d: frames(d, length=1 / Bohr), "contacts", "look like bohr", True),
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


def test_wrong_positions_are_not_laid_at_the_door_of_the_labels(shared_data):
    certain = [f.check for f in checkup(frames(silicon(shared_data), length=1 / Bohr)) if f.certain]
    assert certain == ["contacts"]


def test_structures_are_refused_or_warned_of():
    water = Atoms("OHH", [(0, 0, 0), (0.96, 0, 0), (-0.24, 0.93, 0)])
    same_place = Atoms("H3", [(0, 0, 0), (0, 0, 0), (0.8, 0, 0)])
    across = Atoms("H2", [(0, 0, 0), (0, 0, 2.98)], cell=[3, 3, 3], pbc=True)
    close = Atoms("CH4", [(0, 0, 0), (0.2, 0, 0), (-1.1, 0, 0), (0, 1.1, 0), (0, -1.1, 0)])
    assert [(f.frames, f.certain) for f in check("contacts", alone(water, same_place, across, close))] == [
        ((1, 2), True),
        ((3,), False),
    ]
