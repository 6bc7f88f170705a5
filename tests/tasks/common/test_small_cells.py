"""Cells of one atom become cells whose atoms can move."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import bulk, molecule

from mlffbench.tasks.common.small_cells import repeated_cell


def test_a_cell_of_one_atom_is_repeated_and_no_other() -> None:
    wide = repeated_cell(bulk("Cu"))
    assert len(wide) == 8
    assert np.allclose(wide.cell.array, 2 * bulk("Cu").cell.array)
    for atoms in (bulk("Cu", cubic=True), molecule("H2O"), Atoms("Cu")):
        assert repeated_cell(atoms) is atoms


def test_a_chain_is_repeated_along_its_axis_only() -> None:
    chain = Atoms("Cu", cell=[9, 9, 2.4], pbc=(False, False, True))
    assert np.allclose(repeated_cell(chain).cell.lengths(), [9, 9, 8 * 2.4])
