"""Names of cells, whatever their spelling."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from example_files import h2

from mlffbench.datasets.formats.to_dataset import from_frames
from mlffbench.datasets.formats.unread import is_cell_name


@pytest.mark.parametrize(
    "name", ["lattice", "CELL", "unit-cell", "Lattice_Vectors", "cells", "boxes", "UnitCell", "cell_lengths"]
)
def test_names_of_a_cell(name):
    assert is_cell_name(name)


@pytest.mark.parametrize("name", ["lattice_energy", "cellulose", "inbox", "n_cell_atoms", "energy"])
def test_other_names(name):
    assert not is_cell_name(name)


@pytest.mark.parametrize("info", [{"lattice_constant": 4}, {"lattice": 3.61}, {"box_size": 10.0}])
def test_a_length_of_a_cell_is_refused(info):
    with pytest.raises(ValueError, match=f"has no cell, but '{next(iter(info))}' with 1 numbers"):
        from_frames("x", [Atoms("H", info={"energy": 0.0, **info})])
    from_frames("x", [h2({"energy": 0.0, **info}, periodic=True)])  # there is a cell


def test_six_lengths_and_angles_are_refused():
    info = {"a": 9.0, "b": 9.0, "c": 9.0, "alpha": 90.0, "beta": 90.0, "gamma": 90.0}
    with pytest.raises(ValueError, match=r"frame 0 has no cell, but \['a', 'b', 'c', 'alpha'"):
        from_frames("x", [Atoms("H", info={"energy": 0.0, **info})])


@pytest.mark.parametrize("key", ["periodic", "Periodicity", "boundary_conditions", "pbc"])
@pytest.mark.parametrize("value", [False, "f f f", np.array([True, True, False]), "no", 0])
def test_periodic_directions_under_another_name_may_not_contradict(key, value):
    frames = [h2({"energy": 0.0, key: True}, periodic=True), h2({"energy": 0.0, key: value}, periodic=True)]
    with pytest.raises(ValueError, match=f"'{key}' of frame 1 is .*, but the frame is read as 'T T T'"):
        from_frames("x", frames)
    from_frames("x", frames[:1])
    from_frames("x", [h2({"energy": 0.0, key: "slab"})])  # of another meaning


def test_forces_in_three_columns_are_named():
    arrays = {f"f{x}": np.zeros(2) for x in "xyz"}
    unread = from_frames("x", [h2({"energy": 0.0}, arrays)]).card["unread"]
    assert "'fx', 'fy' and 'fz', and no forces are read" in unread["fx"]
