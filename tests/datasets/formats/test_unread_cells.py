"""Names of cells, whatever their spelling."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from example_files import h2

from mlffbench.datasets.formats.to_dataset import from_frames
from mlffbench.datasets.formats.unread_cells import is_cell_name
from mlffbench.datasets.path import path


@pytest.mark.parametrize(
    "name",
    [
        "lattice",
        "CELL",
        "unit-cell",
        "Lattice_Vectors",
        "cells",
        "boxes",
        "UnitCell",
        "cell_lengths",
        "latt",
        "latvec",
        "hmat",
        "acell",
        "rprimd",
        "basis_vectors",
        "PBC_cell",
        "alat",
    ],
)
def test_names_of_a_cell(name):
    assert is_cell_name(name)


@pytest.mark.parametrize(
    "name", ["lattice_energy", "cellulose", "inbox", "n_cell_atoms", "energy", "lat", "basis", "h"]
)
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


@pytest.mark.parametrize("value", [5, 5.0, "5", 12])
@pytest.mark.parametrize("key", ["cell", "Box", "lattice", "unit_cell"])
def test_one_whole_number_is_a_length_where_every_frame_has_two_or_more(key, value):
    frames = [Atoms("H", info={"energy": 0.0, key: value}), Atoms("H", info={"energy": 0.0, key: 7.0})]
    if isinstance(value, str):
        from_frames("x", frames[:1])  # a word
        return
    with pytest.raises(ValueError, match=f"frame 0 has no cell, but '{key}' with 1 numbers"):
        from_frames("x", frames)
    ids = [Atoms("H", info={"energy": 0.0, key: i}) for i in range(3)]  # numbers of copies
    assert from_frames("x", ids).columns[key].tolist() == [0, 1, 2]
    from_frames("x", [Atoms("H", info={"energy": 0.0, "supercell": 4})])


@pytest.mark.parametrize(
    "info", [{"h": np.eye(3) * 5}, {"L": [5.0, 5.0, 5.0]}, {"abc": [5, 5, 5, 90, 90, 90]}]
)
def test_short_names_of_a_cell_are_refused_where_the_numbers_are_those_of_one(info):
    key = next(iter(info))
    with pytest.raises(ValueError, match=f"frame 0 has no cell, but '{key}'"):
        from_frames("x", [Atoms("H", info={"energy": 0.0, **info})])
    assert from_frames("x", [Atoms("H", info={"energy": 0.0, key: 6.6})]).columns[key].tolist() == [6.6]


@pytest.mark.parametrize("keys", [("lx", "ly", "lz"), ("box_x", "box_y", "box_z"), ("Lx", "Ly", "Lz")])
def test_three_lengths_of_a_box_are_refused(keys):
    with pytest.raises(ValueError, match=rf"frame 0 has no cell, but \['{keys[0]}'"):
        from_frames("x", [Atoms("H", info={"energy": 0.0, **dict.fromkeys(keys, 9.0)})])


@pytest.mark.parametrize(
    ("key", "value"), [("nopbc", True), ("non_periodic", "yes"), ("use_pbc", "xy"), ("boundary", "p p s")]
)
def test_periodic_directions_may_be_denied(key, value):
    with pytest.raises(ValueError, match=f"'{key}' of frame 0 is .*, but the frame is read as 'T T T'"):
        from_frames("x", [h2({"energy": 0.0, key: value}, periodic=True)])
    denial = False if key.startswith("no") else "xyz"
    from_frames("x", [h2({"energy": 0.0, key: denial}, periodic=True)])


@pytest.mark.parametrize("key", ["latt", "h", "hmat"])
def test_arrays_of_other_names_are_cells_or_refused(key, tmp_path):
    arrays = {"z": [1, 1], "R": np.arange(6.0).reshape(1, 2, 3), "E": [0.0], key: np.eye(3)[None] * 5}
    np.savez(tmp_path / "a.npz", **arrays)
    if key == "h":
        with pytest.raises(ValueError, match="frame 0 has no cell, but 'h' with 9 numbers"):
            path(str(tmp_path / "a.npz"), units="eV")
    else:
        assert path(str(tmp_path / "a.npz"), units="eV").frames[0].cell.lengths().tolist() == [5, 5, 5]
