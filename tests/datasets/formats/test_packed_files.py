"""Bombs: data that unpack to, or claim, more than the memory end in a sentence that names the file."""

from __future__ import annotations

import bz2
import gzip
import lzma
import time
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from ase.build import molecule
from ase.io import write

from mlffbench.datasets.formats import packed_files
from mlffbench.datasets.formats.files import open_files
from mlffbench.datasets.formats.packed_files import check_unpacked
from mlffbench.system import array_archive

FRAME = b'1\nProperties=species:S:1:pos:R:3 energy=1.0 pbc="F F F"\nH 0 0 0\n'


@pytest.fixture
def little_memory(monkeypatch):
    for module in (packed_files, array_archive):
        monkeypatch.setattr(module.psutil, "virtual_memory", lambda: SimpleNamespace(available=4_000_000))


@pytest.mark.parametrize(
    ("ending", "pack"), [("gz", gzip.compress), ("xz", lzma.compress), ("bz2", bz2.compress)]
)
def test_packed_text_is_measured_before_it_is_kept(tmp_path, little_memory, ending, pack):
    bomb, small = tmp_path / f"a.xyz.{ending}", tmp_path / f"b.xyz.{ending}"
    bomb.write_bytes(pack(FRAME * 40_000))
    small.write_bytes(pack(FRAME * 5000))
    check_unpacked(small)
    start = time.process_time()
    with pytest.raises(ValueError, match=rf"a\.xyz\.{ending} unpacks to more than 0\.001 GB, too much"):
        open_files([bomb])
    assert time.process_time() - start < 2
    assert len(open_files([small]).index) == 5000


def npy(shape, descr="<f8", data=b""):
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def npz(tmp_path, packing=zipfile.ZIP_DEFLATED, **arrays):
    file = tmp_path / "a.npz"
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, content in arrays.items():
            archive.writestr(f"{name}.npy", content)
    return file


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_an_array_that_claims_terabytes(tmp_path, packing, lazy):
    small = {
        "z": npy((1,), "<i8", bytes(8)),
        "R": npy((1, 1, 3), data=bytes(24)),
        "F": npy((1, 1, 3), data=bytes(24)),
    }
    file = npz(tmp_path, packing, **small, E=npy((500_000_000_000,), data=bytes(8)))
    with pytest.raises(ValueError, match=r"a\.npz.*'E\.npy' claims an array of 4e\+03 GB"):
        open_files([file], "eV", lazy)


def test_an_archive_that_unpacks_to_more_than_the_memory(tmp_path, little_memory):
    file = npz(tmp_path, R=npy((8_000_000,), "|u1", bytes(8_000_000)))
    with pytest.raises(ValueError, match=r"a\.npz.*'R\.npy' most of it, and .* are free"):
        open_files([file], "eV")


def test_an_array_of_deepmd_that_claims_terabytes(tmp_path):
    (tmp_path / "s/set.000").mkdir(parents=True)
    (tmp_path / "s/type.raw").write_text("0\n")
    (tmp_path / "s/type_map.raw").write_text("H\n")
    (tmp_path / "s/set.000/coord.npy").write_bytes(npy((10**12, 3), data=bytes(24)))
    with pytest.raises(ValueError, match=r"'coord\.npy' claims an array of 2\.4e\+04 GB, and has 24 bytes"):
        open_files([tmp_path / "s"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.xyz", FRAME.replace(b"pos:R:3", b"pos:R:3:x:R:1000000000")),
        ("a.xyz", FRAME.replace(b"1\n", b"100000000000000\n", 1)),
        ("a.xyz", FRAME + FRAME.replace(b"1\n", b"9" * 30 + b"\n", 1)),
        ("a.dat", FRAME.replace(b"1\n", b"100000000000000\n", 1)),
        ("POSCAR", b"a\n1.0\n1 0 0\n0 1 0\n0 0 1\nH\n999999999999999\nDirect\n0 0 0\n"),
    ],
)
def test_counts_without_end(tmp_path, name, text):
    (tmp_path / name).write_bytes(text)
    start = time.process_time()
    with pytest.raises(ValueError, match=name):
        open_files([tmp_path / name])
    assert time.process_time() - start < 5


def test_what_fits_is_read_as_before(tmp_path):
    water = molecule("H2O")
    water.info["energy"] = -1.0
    for name in ("a.extxyz", "a.extxyz.gz"):
        write(tmp_path / name, [water] * 3, format="extxyz")
        assert len(open_files([tmp_path / name]).index) == 3
    arrays = {"z": np.array([1]), "R": np.zeros((2, 1, 3)), "F": np.zeros((2, 1, 3)), "E": np.zeros(2)}
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    assert len(open_files([tmp_path / "a.npz"], "eV").index) == 2
