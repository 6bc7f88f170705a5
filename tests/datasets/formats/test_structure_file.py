"""Structure files: what claims atoms without end, is damaged or no file ends in a sentence."""

from __future__ import annotations

import gzip
import os

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.io import write

from mlffbench.datasets.formats.structure_file import read_structures


@pytest.mark.parametrize("name", ["a.xyz", "a.extxyz.gz", "a.traj", "POSCAR", "a.cif", "a.json"])
def test_what_ase_writes_is_read(tmp_path, name):
    copper = bulk("Cu", cubic=True)
    write(tmp_path / name, copper)
    (back,) = read_structures(tmp_path / name)
    assert np.allclose(back.positions, copper.positions, atol=1e-6)
    assert np.allclose(back.cell, copper.cell, atol=1e-6) or name == "a.xyz"


def test_the_last_of_several(tmp_path):
    write(tmp_path / "a.xyz", [molecule("H2O"), molecule("CH4")])
    assert [len(a) for a in read_structures(tmp_path / "a.xyz")] == [3, 5]
    assert [len(a) for a in read_structures(tmp_path / "a.xyz", "-1")] == [5]


H2 = "2\n\nH 0 0 0\nH 0 0 1\n"
WIDE = '1\nProperties=species:S:1:pos:R:3:x:R:1000000000 pbc="F F F"\nH 0 0 0 1\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage\n",
        "100000000000000\n\nH 0 0 0\n",
        H2 + "99999999999999999999999\n\nH 0 0 0\n",
        H2 + "3\n\nH 0 0 0\n",
        "-1\n\nH 0 0 0\n",
        "1\n",
        "2\n\nH 0 0\nH 0 0\n",
        "1\n\nXx 0 0 0\n",
        WIDE,
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_file_is_a_sentence_at_once(tmp_path, text, packed):
    file = tmp_path / ("a.xyz.gz" if packed else "a.xyz")
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    with pytest.raises((ValueError, OSError), match=r"a\.xyz"):
        read_structures(file)


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "a.xyz")
    with pytest.raises(OSError, match="it is a pipe"):
        read_structures(tmp_path / "a.xyz")
    with pytest.raises(IsADirectoryError):
        read_structures(tmp_path)
