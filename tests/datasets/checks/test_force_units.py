"""Units of forces and energies."""

from __future__ import annotations

import pytest
from ase.units import Bohr
from planted_mistakes import HARTREE, KCAL, PER_BOHR, acac, check, found_by, scaled, silicon

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "energies in kcal/mol": (
        lambda d: scaled(d, KCAL),
        "force_units",
        "the energies look like kcal/mol: ",
        True,
    ),
    "forces in kcal/mol/Å": (
        lambda d: scaled(d, 1, KCAL),
        "force_units",
        "^the forces look like kcal/mol/Å",
        True,
    ),
    "both in kcal/mol": (
        lambda d: scaled(d, KCAL, KCAL),
        "force_units",
        "energies look like kcal/mol and the forces look like kcal/mol/Å",
        False,
    ),
    "atomic units": (
        lambda d: scaled(d, HARTREE, PER_BOHR),
        "force_units",
        "energies look like Hartree and the forces look like Hartree/bohr",
        True,
    ),
    "Rydberg units": (
        lambda d: scaled(d, 2 * HARTREE, 2 * PER_BOHR),
        "force_units",
        "like Rydberg/bohr",
        True,
    ),
    "forces in Hartree/bohr": (
        lambda d: scaled(d, 1, PER_BOHR),
        "force_units",
        "^the forces look like Hartree/bohr",
        True,
    ),
    "forces in no known unit": (lambda d: scaled(d, 1, 5), "force_units", "do not fit together.* 0.2", True),
    "forces in eV/bohr": (lambda d: scaled(d, 1, Bohr), "force_units", "^the forces look like eV/bohr", True),
    "gradients in kcal/mol/Å": (lambda d: scaled(d, 1, -KCAL), "force_units", "look like kcal/mol/Å", True),
}
SOLID = {  # likewise in mlearn's silicon
    "energies in kcal/mol": (
        lambda d: scaled(d, KCAL),
        "force_units",
        "^the energies look like kcal/mol: ",
        True,
    ),
    "forces in Hartree/bohr": (
        lambda d: scaled(d, 1, PER_BOHR),
        "force_units",
        "^the forces look like Hartree/bohr",
        True,
    ),
    "all in kcal/mol": (lambda d: scaled(d, KCAL, KCAL, KCAL), "force_units", "forces look like kcal", False),
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
