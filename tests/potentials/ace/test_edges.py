"""Padded blocks hold every pair once, and forces follow from derivatives by the pairs' vectors."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from mlffbench.potentials.ace.edges import SIZES, edges_of

CUTOFF = 4.0


def frames() -> list[Atoms]:
    rng = np.random.default_rng(0)
    cells = [bulk("Si", cubic=True).repeat((2, 1, 1)), molecule("SiH4"), Atoms("H"), bulk("Si").repeat(4)]
    for atoms in cells:
        atoms.rattle(0.05, rng=rng)
    return cells


@pytest.mark.parametrize("width", [4, 64])
def test_blocks_hold_every_pair_once(width):
    edges = edges_of(frames(), [1, 14], CUTOFF, width)
    assert edges.width >= np.bincount(edges.first).max()
    assert edges.width % width == 0
    vectors, atoms = np.zeros_like(edges.vectors), 0
    for block in edges.blocks(CUTOFF):
        assert block.mask.shape == (len(block.species), edges.width)
        assert len(block.species) in SIZES
        assert block.mask.sum() == block.pairs.stop - block.pairs.start
        assert (block.vectors[~block.mask] == [CUTOFF, 0, 0]).all()
        own = slice(0, block.atoms.stop - block.atoms.start)
        assert (block.species[own] == edges.species[block.atoms]).all()
        assert (block.other[block.place] == edges.species[edges.second[block.pairs]]).all()
        vectors[block.pairs] = block.vectors[block.place]
        atoms += own.stop
    assert atoms == sum(map(len, frames()))
    assert (vectors == edges.vectors).all()


def test_forces_are_those_of_a_pair_energy():
    """E = Σ_pairs |r_ij|²/2 has ∂E/∂r_ij = r_ij, so F_i = 2 Σ_j r_ij where all pairs are listed twice."""
    atoms = molecule("CH4")
    edges = edges_of([atoms], [1, 6], 10.0, 8)
    forces = edges.on_atoms(edges.vectors)
    away = atoms.positions[None] - atoms.positions[:, None]
    np.testing.assert_allclose(forces, 2 * away.sum(axis=1), atol=1e-12)
    assert edges.on_atoms(np.zeros((len(edges.first), 5, 3))).shape == (5, 5, 3)


def test_an_atom_alone_has_no_pairs():
    edges = edges_of([Atoms("H"), Atoms("H")], [1], CUTOFF, 8)
    assert not len(edges.first)
    assert np.isnan(edges.volume).all()
    assert [len(f) for f in edges.split(edges.on_atoms(np.zeros((0, 3))))] == [1, 1]
