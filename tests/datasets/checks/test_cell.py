"""Periodic boundaries without a cell, and crystals without periodic boundaries."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from planted_mistakes import acac, alone, check, found_by, frames, silicon

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "pbc without cell": (
        lambda d: frames(d, cell=np.zeros((3, 3)), pbc=True),
        "cell",
        "without a cell",
        True,
    ),
    "tight box without pbc": (lambda d: frames(d, cell=7 * np.eye(3)), "cell", "fill their cell", False),
}
SOLID = {  # likewise in mlearn's silicon
    "crystals without pbc": (
        lambda d: frames(d, pbc=False),
        "cell",
        "fill their cell but have no pbc",
        False,
    ),
    "stress without pbc": (lambda d: frames(d, pbc=(True, True, False)), "cell", "have a stress", False),
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


def test_structures_are_refused_or_warned_of():
    water = Atoms("OHH", [(0, 0, 0), (0.96, 0, 0), (-0.24, 0.93, 0)])
    flat = Atoms("H2", [(0, 0, 0), (0.75, 0, 0)], cell=[(5, 0, 0), (5, 0, 0), (0, 0, 5)], pbc=True)
    slab = Atoms("Al", cell=[(2.8, 0, 0), (0, 2.8, 0), (0, 0, 0)], pbc=(True, True, False))
    assert [f.frames for f in check("cell", alone(water, flat, slab)) if f.certain] == [(1,)]
    boxed = Atoms(water, cell=[20, 20, 20])
    periodic = Atoms(boxed, pbc=True)
    assert not check("cell", alone(boxed, water))
    assert [f.frames for f in check("cell", alone(boxed, boxed, periodic))] == [(2,)]
