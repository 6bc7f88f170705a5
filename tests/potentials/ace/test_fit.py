"""Frames as ace-jax reads them: its neighbours are searched in a cell of three vectors."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from mlffbench.data import Labels

pytest.importorskip("ace_jax")


@pytest.mark.parametrize(
    "atoms",
    [
        molecule("CO2"),
        Atoms("H"),
        Atoms("Cu2", [[0, 0, 0], [0, 0, 2]], cell=[3, 0, 0], pbc=[True, False, False]),
    ],
)
def test_vectors_that_a_cell_lacks_go_around_the_atoms(atoms):
    from mlffbench.potentials.ace.fit import labelled

    (copy,) = labelled([atoms], Labels(np.zeros(1)))
    assert copy.cell.rank == 3
    assert copy.pbc.tolist() == atoms.pbc.tolist()
    np.testing.assert_allclose(copy.get_all_distances(), atoms.get_all_distances(), atol=1e-12)
    inside = copy.get_scaled_positions(wrap=False)[:, ~atoms.pbc]
    assert ((inside > 0) & (inside < 1)).all()


def test_a_crystal_stays_as_it_is():
    from mlffbench.potentials.ace.fit import labelled

    atoms = bulk("Cu")
    (copy,) = labelled([atoms], Labels(np.zeros(1)))
    assert np.array_equal(copy.cell, atoms.cell)
    assert np.array_equal(copy.positions, atoms.positions)
