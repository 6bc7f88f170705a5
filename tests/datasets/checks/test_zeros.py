"""Labels that are zero because they are missing."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from planted_mistakes import acac, check, energies, forces, found_by, scaled, silicon

from mlffbench.data import Dataset, Labels
from mlffbench.datasets.checks.zeros import zeros

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
    "a filler for missing forces": (
        lambda d: forces(d, [5, 6], lambda f: 0 * f - 999),
        "zeros",
        "forces of 2 .* a filler",
        False,
    ),
    "a filler for missing energies": (
        lambda d: energies(d, [5], lambda e: 0 * e - 99999),
        "zeros",
        "energies of 1 .* a filler",
        False,
    ),
}
SOLID = {  # likewise in mlearn's silicon
    "zeros for missing forces": (
        lambda d: forces(d, [0, 40], lambda f: 0 * f),
        "zeros",
        "forces of 2 ",
        False,
    ),
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


def test_forces_that_symmetry_makes_zero_are_right():
    crystals = [
        bulk("Cu"),
        bulk("Cu", cubic=True),
        bulk("NaCl", "rocksalt", 5.6, cubic=True),
        bulk("Zr"),
        bulk("Si"),
    ]
    labels = Labels(np.ones(5), [np.zeros((len(a), 3)) for a in crystals])
    assert zeros(Dataset("a", crystals, labels)) == []
    rattled = [a.copy() for a in crystals]
    for atoms in rattled:
        atoms.positions[0] += [0.01, 0.02, 0.03]
    (finding,) = zeros(Dataset("a", rattled, labels))
    assert finding.frames == (1, 2, 3, 4)  # a lattice of one atom has no other place for it
    assert "the forces of 4 of 5 frames are exactly zero" in finding.message
