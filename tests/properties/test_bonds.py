"""Bonds, fragments and the sides of a bond in molecules whose topology is known."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk, molecule

from mlffbench.properties.bonds import atoms_beyond_bond, bonds, fragments


def test_ethanol_has_eight_bonds() -> None:
    pairs = bonds(molecule("CH3CH2OH"))
    assert pairs.tolist() == [[0, 1], [0, 6], [0, 7], [0, 8], [1, 2], [1, 4], [1, 5], [2, 3]]
    assert (fragments(pairs, 9) == 0).all()


def test_two_molecules_are_two_fragments() -> None:
    water = molecule("H2O")
    far = water.copy()
    far.positions += 10
    labels = fragments(bonds(water + far), 6)
    np.testing.assert_array_equal(labels, [0, 0, 0, 1, 1, 1])


def test_bonds_across_the_border_count_once() -> None:
    assert bonds(bulk("Si", "diamond", a=5.43)).tolist() == [[0, 1]]


def test_a_bond_has_two_sides_unless_it_is_in_a_ring() -> None:
    ethanol = molecule("CH3CH2OH")
    assert atoms_beyond_bond(ethanol, (1, 2)).tolist() == [2, 3]
    assert atoms_beyond_bond(ethanol, (2, 1)).tolist() == [0, 1, 4, 5, 6, 7, 8]
    with pytest.raises(ValueError, match="C0-O2 is not a bond"):
        atoms_beyond_bond(ethanol, (0, 2))
    with pytest.raises(ValueError, match="part of a ring"):
        atoms_beyond_bond(molecule("C6H6"), (0, 1))
