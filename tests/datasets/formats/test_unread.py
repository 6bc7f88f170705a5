"""Names of cells, whatever their spelling."""

from __future__ import annotations

import pytest

from mlffbench.datasets.formats.unread import is_cell_name


@pytest.mark.parametrize(
    "name", ["lattice", "CELL", "unit-cell", "Lattice_Vectors", "cells", "boxes", "UnitCell"]
)
def test_names_of_a_cell(name):
    assert is_cell_name(name)


@pytest.mark.parametrize("name", ["lattice_energy", "cellulose", "inbox", "n_cell_atoms", "energy"])
def test_other_names(name):
    assert not is_cell_name(name)
