"""NaN and infinity."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from planted_mistakes import acac, alone, check, energies, forces, found_by

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "NaN energy": (
        lambda d: energies(d, [7], lambda e: np.nan),
        "not_finite",
        "energies of 1 of 560",
        True,
    ),
    "infinite forces": (lambda d: forces(d, [7], lambda f: f + np.inf), "not_finite", "forces of 1 ", True),
}


@pytest.mark.parametrize("mistake", MOLECULE)
def test_a_mistake_planted_in_acetylacetone_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = MOLECULE[mistake]  # nothing is found before: see above
    found_by(name, plant(acac(shared_data)), says, refuses)


def test_structures_are_refused_or_warned_of():
    water = Atoms("OHH", [(0, 0, 0), (0.96, 0, 0), (-0.24, 0.93, 0)])
    nan = Atoms("H2", [(0, 0, 0), (np.nan, 0, 0)])
    assert [(f.frames, f.certain) for f in check("not_finite", alone(water, nan))] == [((1,), True)]
