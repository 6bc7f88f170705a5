"""Datasets by name, from a file, and what is neither."""

from __future__ import annotations

from pathlib import Path

import pytest
from ase.build import molecule
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

import mlffbench


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frames = [molecule("H2O"), molecule("CH4")]
    for i, atoms in enumerate(frames):
        atoms.calc = SinglePointCalculator(atoms, energy=-float(i))
    write("data", frames, format="extxyz")
    for copy in ("data.xyz", "run:1.xyz"):
        Path(copy).write_text(Path("data").read_text())
    Path("lennard_jones").write_text("")


def test_a_name_of_ours_goes_before_a_file(file):
    assert len(mlffbench.load_dataset("lennard_jones", n_train=4, n_test=2)) == 10


@pytest.mark.parametrize("name", ["data.xyz", "./data.xyz", Path("data.xyz"), "dat*.xyz", "run:1.xyz"])
def test_a_path_is_read(file, name):
    assert mlffbench.load_dataset(name).elements == ["H", "C", "O"]


def test_what_is_neither_is_a_sentence(file):
    with pytest.raises(LookupError, match=r"no dataset 'malonaldehide'.*did you mean 'malonaldehyde'"):
        mlffbench.load_dataset("malonaldehide")
    with pytest.raises(FileNotFoundError, match=r"no\.xyz"):
        mlffbench.load_dataset("no.xyz")
    with pytest.raises(LookupError, match=r"no parameter 'force_key'.*did you mean 'forces_key'"):
        mlffbench.load_dataset("data.xyz", force_key="f")
    with pytest.raises(LookupError, match="os"):
        mlffbench.load_dataset("os:listdir")
