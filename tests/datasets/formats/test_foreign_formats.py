"""Formats of the field that are not read: each is named, with a way to convert it."""

from __future__ import annotations

import gzip

import pytest
from ase.build import bulk
from ase.io import write
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.datasets.path import path

FILES = {  # a file's name, how it begins, and words of the sentence
    "train.cfg": (b"BEGIN_CFG\n Size\n 1\nEND_CFG\n", r"the .cfg of MTP .*extended xyz"),
    "dump.lammpstrj": (
        b"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\n",
        "a LAMMPS dump, which has no energy",
    ),
    "run.dump": (b"ITEM: UNITS\nreal\nITEM: TIMESTEP\n0\n", "units that depend on the run"),
    "ML_AB": (b" 1.0 Version\n", "ML_AB.*give the OUTCAR or vasprun.xml"),
    "ML_ABN": (b" 1.0 Version\n", "ML_AB"),
    "XDATCAR": (b"Cu\n1.0\n", "XDATCAR, which has no energies"),
    "ani1x.h5": (b"\x89HDF\r\n\x1a\n....", "HDF5"),
    "vaspout.h5": (b"\x89HDF\r\n\x1a\n....", "vaspout.h5"),
    "running_scf.log": (b"\n      ABACUS v3.5\n", "ABACUS; convert it with dpdata to 'deepmd/npy'"),
    "cp2k.out": (b" DBCSR| Multiplication driver BLAS\n CP2K| version\n", "CP2K; give its '-pos-1.xyz'"),
    "data-file-schema.xml": (b"<?xml?><qes:espresso>", "give the text output of pw.x"),
    "data.pckl.gzip": (b"\x1f\x8b....", "a pickle, which may run code"),
    "data.pkl": (b"\x80\x04....", "a pickle"),
    "data.pt": (b"PK....", "a PyTorch file"),
    "coord.npy": (b"\x93NUMPY....", "a single array; give an .npz"),
    "oc20.lmdb": (b"\0\0\0\0....", "a LMDB that ASE did not write"),
    "data.zip": (b"PK....", "unpack it"),
    "labels.csv": (b"a,b\n", "a table of its own layout"),
    "utf16.xyz": ("1\nenergy=1\nH 0 0 0\n".encode("utf-16"), "text in UTF-16; save it as UTF-8"),
    "mark.xyz": (b"\xef\xbb\xbf1\nenergy=1\nH 0 0 0\n", "a byte-order mark; save it as UTF-8 without one"),
    "mac.xyz": (b"1\renergy=1\rH 0 0 0\r", "end them with LF"),
    "packed.xyz": (gzip.compress(b"1\nenergy=1\nH 0 0 0\n"), "compressed by gzip; give it the suffix .gz"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_sentence_names_the_format_and_the_way(name, tmp_path):
    content, words = FILES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"^{name} is .*{words}"):
        path(str(tmp_path / name))
    result = CliRunner().invoke(app, ["data", "check", str(tmp_path / name)])
    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("name", "kind"), [("POSCAR", "vasp"), ("a.xsf", "xsf")])
def test_structures_without_energies_are_named(name, kind, tmp_path):
    write(tmp_path / name, bulk("Cu"))
    with pytest.raises(ValueError, match=rf"{name}: structures without energies \(ASE's format '{kind}'\)"):
        path(str(tmp_path / name))


@pytest.mark.parametrize("name", ["train.cfg", "run.dump", "ML_AB"])
def test_a_packed_file_is_named_too(name, tmp_path):
    content, words = FILES[name]
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    with pytest.raises(ValueError, match=words):
        path(str(tmp_path / f"{name}.gz"))
