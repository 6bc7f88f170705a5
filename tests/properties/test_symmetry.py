"""Space groups and standard cells of crystals with known symmetry."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from mlffbench.properties.symmetry import standard_cell, symmetry_dataset


@pytest.mark.parametrize(
    ("crystal", "number", "symbol", "n_rotations"),
    [
        (bulk("Si", "diamond", a=5.43), 227, "Fd-3m", 48),
        (bulk("Mg", "hcp", a=3.2, covera=1.62), 194, "P6_3/mmc", 24),
        (bulk("NaCl", "rocksalt", a=5.6), 225, "Fm-3m", 48),
    ],
    ids=["diamond", "hcp", "rocksalt"],
)
def test_space_groups_are_the_known_ones(crystal: Atoms, number: int, symbol: str, n_rotations: int) -> None:
    dataset = symmetry_dataset(crystal, 1e-3)
    assert (dataset.number, dataset.international, len(dataset.rotations)) == (number, symbol, n_rotations)


def test_the_tolerance_decides_on_the_symmetry() -> None:
    crystal = bulk("Cu", cubic=True)
    crystal.rattle(0.01, seed=0)
    assert symmetry_dataset(crystal, 0.1).number == 225
    assert symmetry_dataset(crystal, 1e-4).number == 1


def test_any_cell_gives_the_same_standard_cells() -> None:
    for atoms in (bulk("Si", a=5.43), bulk("Si", a=5.43, cubic=True), bulk("Si", a=5.43) * (2, 1, 1)):
        conventional = standard_cell(atoms, 1e-3)
        primitive = standard_cell(atoms, 1e-3, primitive=True)
        assert (len(conventional), len(primitive)) == (8, 2)
        np.testing.assert_allclose(conventional.cell, 5.43 * np.eye(3), atol=1e-9)
        assert conventional.pbc.all()


def test_a_cell_that_is_not_idealized_keeps_its_orientation() -> None:
    crystal = bulk("Cu", a=3.6, cubic=True)
    crystal.rotate(30, "z", rotate_cell=True)
    cell = standard_cell(crystal, 1e-3, idealize=False).cell.array
    rotations = cell @ crystal.cell.reciprocal().T  # integers: the same vectors up to order and sign
    np.testing.assert_allclose(rotations, np.round(rotations), atol=1e-9)
    np.testing.assert_allclose(standard_cell(crystal, 1e-3).cell, 3.6 * np.eye(3), atol=1e-9)


@pytest.mark.parametrize("old_handling", [True, False])
def test_two_atoms_in_one_place_have_no_symmetry(old_handling: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where phonopy has told spglib to raise."""
    monkeypatch.setattr("spglib.error.OLD_ERROR_HANDLING", old_handling, raising=False)
    atoms = Atoms("Cu2", [[0, 0, 0], [0, 0, 0]], cell=3 * np.eye(3), pbc=True)
    assert symmetry_dataset(atoms, 1e-3) is None
    assert standard_cell(atoms, 1e-3) is None
