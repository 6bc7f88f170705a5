"""Terms of molecules and crystals with known topology."""

from __future__ import annotations

import pytest
from ase.build import bulk, molecule
from example_gaff import topology


@pytest.mark.parametrize(
    ("name", "counts"),
    [("C2H6", (7, 12, 9, 0)), ("C6H6", (12, 18, 24, 6)), ("H2O", (2, 1, 0, 0)), ("CH3CH2OH", (8, 13, 12, 0))],
)
def test_terms_of_known_molecules(name, counts):
    terms = topology(molecule(name)).terms
    assert tuple(len(terms[k].atoms) for k in ("bonds", "angles", "torsions", "impropers")) == counts


@pytest.mark.parametrize("cubic", [True, False])
def test_terms_of_diamond_in_cells_with_several_images(cubic):
    atoms = bulk("Si", cubic=cubic)
    terms, n = topology(atoms).terms, len(atoms)
    assert [len(terms[k].atoms) / n for k in ("bonds", "angles", "torsions")] == [2, 6, 18]


def test_the_key_is_that_of_atoms_and_bonds():
    ethane, water = molecule("C2H6"), molecule("H2O")
    first, again = topology(ethane), topology(ethane)
    before = first.key
    assert first.terms  # derived values are no part of the key
    assert first is not again
    assert first.key == again.key == before
    assert first.key != topology(water).key
