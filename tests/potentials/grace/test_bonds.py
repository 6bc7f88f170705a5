"""Padded batches: nothing of the padding is near an atom, and nothing of the frames is lost."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from mlffbench.potentials.grace.bonds import Shape, bonds_of, padded, rounded, rows, shape_of

FRAMES = [bulk("Si", a=5.4, cubic=True), molecule("H2O"), Atoms("O", positions=[[0, 0, 0]])]
NUMBERS = [1, 8, 14]


def test_bonds_are_those_of_each_frame():
    solid, water, atom = bonds_of(FRAMES, NUMBERS, 2.5)
    assert len(solid.first) == 8 * 4
    assert np.linalg.norm(solid.vectors, axis=1) == pytest.approx(5.4 * 3**0.5 / 4)
    assert solid.volume == pytest.approx(5.4**3)
    assert solid.species.tolist() == [2] * 8
    assert water.species.tolist() == [1, 0, 0]
    assert np.isnan(water.volume)
    assert len(water.first) == 6
    assert atom.vectors.shape == (0, 3)


def test_padding_is_far_away_and_belongs_to_an_atom_and_a_frame_of_its_own():
    bonds = bonds_of(FRAMES, NUMBERS, 2.5)
    need = shape_of(bonds)
    assert need == (8 + 3 + 1 + 1, 32 + 6)
    batch = padded(bonds, Shape(20, 50))
    assert rows(bonds).tolist() == [0, 8, 11, 12]
    assert batch["map_atoms_to_structure"].tolist() == [0] * 8 + [1] * 3 + [2] + [19] * 8
    real, rest = slice(None, 38), slice(38, None)
    first, second, vectors = (batch[name] for name in ("ind_i", "ind_j", "bond_vector"))
    assert set(first[rest]) == set(second[rest]) == {19}
    assert (np.linalg.norm(vectors[rest], axis=1) > 50).all()
    assert set(batch["map_bonds_to_structure"][rest]) == {19}
    positions = np.concatenate([atoms.positions for atoms in FRAMES])
    inside = np.arange(38) >= 32  # water, without periodic images
    shifts = positions[second[real]] - positions[first[real]] - vectors[real]
    np.testing.assert_allclose(shifts[inside], 0.0, atol=1e-12)
    for name, ends in (("mu_i", first), ("mu_j", second)):
        np.testing.assert_array_equal(batch[name], batch["atomic_mu_i"][ends])


def test_sizes_grow_by_a_tenth_and_hold_what_is_asked_for():
    sizes = [rounded(n) for n in range(1, 3000)]
    assert all(n <= size for n, size in enumerate(sizes, 1))
    distinct = sorted(set(sizes))
    assert len(distinct) < 60
    assert max(b / a for a, b in pairwise(distinct)) < 1.2
