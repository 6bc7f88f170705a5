"""Several levels of theory in one dataset."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted_mistakes import ODD, acac, check, energies, found_by, silicon

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "another level in half": (
        lambda d: energies(d, ODD, lambda e: 1.002 * e + 3),
        "mixed_levels",
        r"energies of \d+ of \d+ frames compared are 15.\d+ eV",
        False,
    ),
    "another level in a tenth": (
        lambda d: energies(d, slice(1, None, 10), lambda e: e - 8),
        "mixed_levels",
        r"are (7\.9|8)\S* eV below",
        False,
    ),
    "a column of levels": (
        lambda d: replace(d, columns={**d.columns, "functional": np.array(["PBE", "B3LYP"] * (len(d) // 2))}),
        "mixed_levels",
        r"'functional' has several values, B3LYP \(280\), PBE \(280\)",
        False,
    ),
}
SOLID = {  # likewise in mlearn's silicon
    "another level in half": (
        lambda d: energies(d, ODD, lambda e: e + 30),
        "mixed_levels",
        "are 30 eV",
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
