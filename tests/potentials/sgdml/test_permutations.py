"""Permutation groups of molecules whose symmetry is known."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule
from example_kernels import rattled

from mlffbench.potentials.sgdml.permutations import closure, find_permutations


def distances(positions: np.ndarray) -> np.ndarray:
    return np.linalg.norm(positions[:, :, None] - positions[:, None], axis=-1)


@pytest.mark.parametrize(("name", "order"), [("H2O", 2), ("NH3", 6), ("CH4", 24), ("CH3Cl", 6), ("HCN", 1)])
def test_the_group_of_a_rattled_molecule_in_mixed_orders(name, order):
    atoms = molecule(name)
    rng = np.random.default_rng(0)
    mixed = []
    for positions in rattled(atoms, 60, 0.02):
        place = np.arange(len(atoms))
        hydrogens = np.flatnonzero(atoms.numbers == 1)
        place[hydrogens] = rng.permutation(hydrogens)
        mixed.append(positions[place])
    assert len(find_permutations(distances(np.array(mixed)), atoms.numbers)) == order


def test_nothing_is_exchanged_where_nothing_was_seen_to_exchange():
    atoms = molecule("CH3CH2OH")
    atoms.rattle(0.1, seed=1)  # no mirror is left
    group = find_permutations(distances(rattled(atoms, 20, 0.005)), atoms.numbers)
    assert group.tolist() == [list(range(9))]


def test_a_group_too_large_is_not_made():
    swaps = [tuple([*range(i), i + 1, i, *range(i + 2, 6)]) for i in range(5)]
    assert closure(swaps, 6) is None
    assert len(closure(swaps[:3], 6) or []) == 24
