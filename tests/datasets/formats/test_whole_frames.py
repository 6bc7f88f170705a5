"""Frames with everything that their file holds, and the labels among it."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.constraints import FixAtoms
from ase.io import write

from mlffbench.datasets.formats.whole_frames import known_labels, read_whole_frames

KEYS = {"energy": None, "forces": None, "stress": None}


def test_arrays_of_our_own_reader(tmp_path):
    water = molecule("H2O")
    np.savez(
        tmp_path / "md17.npz", z=water.numbers, R=np.array([water.positions] * 3), E=np.arange(3.0),
        F=np.ones((3, 3, 3)),
    )  # fmt: skip
    whole = read_whole_frames(tmp_path / "md17.npz", "kcal/mol")
    labels, kept, notes = known_labels(whole, KEYS)
    assert len(whole.frames) == len(kept) == 3
    assert np.allclose(labels.energy, np.arange(3) * 0.0433641, rtol=1e-5)
    assert np.allclose(labels.forces[1], 0.0433641, rtol=1e-5)
    assert not notes


def test_nothing_is_refused_for_its_name(tmp_path):
    atoms = bulk("Cu", cubic=True)
    atoms.info |= {"a key": "with = sign", "energy_of_something": "text", "odd": [1, 2]}
    atoms.set_constraint(FixAtoms([1]))
    write(tmp_path / "x.extxyz", [atoms, atoms])
    whole = read_whole_frames(tmp_path / "x.extxyz")
    assert whole.frames[0].info["a key"] == "with = sign"
    assert whole.frames[0].constraints[0].index.tolist() == [1]
    assert known_labels(whole, KEYS)[0] is None


def test_isolated_atoms_are_left_out_and_missing_energies_said(tmp_path):
    single = molecule("H2O")[:1]
    single.info |= {"config_type": "isolated_atom", "energy": -13.0}
    water = molecule("H2O")
    water.info["energy"] = -400.0
    write(tmp_path / "y.extxyz", [single, water])
    _, kept, _ = known_labels(read_whole_frames(tmp_path / "y.extxyz"), KEYS)
    assert kept.tolist() == [1]
    write(tmp_path / "z.extxyz", [water, molecule("H2O")])
    labels, _, notes = known_labels(read_whole_frames(tmp_path / "z.extxyz"), KEYS)
    assert labels is None
    assert "energy" in notes[0]


def test_several_files_are_refused(tmp_path):
    for name in ("a.xyz", "b.xyz"):
        write(tmp_path / name, molecule("H2O"))
    with pytest.raises(ValueError, match="matches 2 files"):
        read_whole_frames(tmp_path / "*.xyz")
    with pytest.raises(FileNotFoundError):
        read_whole_frames(tmp_path / "c.xyz")
