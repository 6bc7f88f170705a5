"""Files of any format: patterns, folders, compression, VASP's runs, and broken ones."""

from __future__ import annotations

import gzip
import lzma
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from ase.db import connect
from ase.io import write
from ase.units import GPa
from example_files import FORCES, h2, xyz

from mlffbench.datasets.path import path


def test_relative_paths_patterns_and_folders(tmp_path, monkeypatch):
    xyz(tmp_path / "b.xyz", "energy=2")
    xyz(tmp_path / "a.xyz", "energy=1")
    (tmp_path / "README.md").write_text("no data")
    monkeypatch.chdir(tmp_path)
    assert path("b.xyz").labels.energy.tolist() == [2.0]
    for name in ("*.xyz", ".", ["a.xyz", "b.xyz"]):
        assert path(name).labels.energy.tolist() == [1.0, 2.0]
    assert path("b.xyz").name == "b"
    assert path("*.xyz").name == tmp_path.name


def test_nothing_there_is_a_sentence(tmp_path):
    xyz(tmp_path / "train.xyz", "energy=2")
    with pytest.raises(FileNotFoundError, match=r"has \['train.xyz'\]; did you mean 'train.xyz'"):
        path(str(tmp_path / "trian.xyz"))
    with pytest.raises(FileNotFoundError, match=r"no data file matches .*has \['train.xyz'\]"):
        path(str(tmp_path / "*.extxyz"))
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        path(str(tmp_path / "no" / "a.xyz"))
    (tmp_path / "bad.xyz").write_text("2\nProperties=species:S:1\nH\n")
    with pytest.raises(ValueError, match=r"ASE cannot read .*bad.xyz"):
        path(str(tmp_path / "bad.xyz"))


def test_a_link_to_nowhere_is_named(tmp_path):
    xyz(tmp_path / "a.xyz", "energy=2")
    (tmp_path / "b.xyz").symlink_to("/nowhere/data.xyz")
    for name in ("b.xyz", "*.xyz", "."):
        with pytest.raises(
            FileNotFoundError, match=r"b.xyz' is a link to '/nowhere/data.xyz', which does not exist"
        ):
            path(str(tmp_path / name))
    (tmp_path / "a.xyz").rename(tmp_path / "c.xyz")
    (tmp_path / "b.xyz").unlink()
    (tmp_path / "b.xyz").symlink_to("c.xyz")
    assert path(str(tmp_path / "b.xyz")).labels.energy.tolist() == [2.0]


def test_other_formats(tmp_path):
    atoms = h2(energy=-1.0, forces=FORCES)
    write(tmp_path / "a.traj", [atoms, atoms])
    text = Path(xyz(tmp_path / "z.xyz", "energy=-1")).read_bytes()
    (tmp_path / "a.xyz.gz").write_bytes(gzip.compress(text))
    (tmp_path / "a.xyz.xz").write_bytes(lzma.compress(text))
    with connect(tmp_path / "a.db") as database:
        database.write(atoms, family="x")
    for name in ("a.traj", "a.xyz.gz", "a.xyz.xz", "a.db"):
        data = path(str(tmp_path / name))
        assert data.name == "a"
        assert data.labels.energy[0] == -1.0
        np.testing.assert_array_equal(data.labels.forces[0], FORCES)
    assert data.columns["family"].tolist() == ["x"]


@pytest.fixture
def vasp(tmp_path):
    """Three runs as VASP leaves them, from ASE's own test data: one packed, one in xml."""
    ase = pytest.importorskip("ase.test", reason="this ASE has no test data")
    examples = Path(ase.__file__).parent / "testdata" / "vasp"
    if not (examples / "OUTCAR_example_1").exists():
        pytest.skip("this ASE has no VASP files among its test data")
    outcar, xml = (examples / n for n in ("OUTCAR_example_1", "vasprun_pstress.xml"))
    for run in "abc":
        (tmp_path / "runs" / run).mkdir(parents=True)
    (tmp_path / "runs" / "a" / "OUTCAR").write_bytes(outcar.read_bytes())
    (tmp_path / "runs" / "b" / "OUTCAR.gz").write_bytes(gzip.compress(outcar.read_bytes()))
    (tmp_path / "runs" / "c" / "vasprun.xml").write_bytes(xml.read_bytes())
    return tmp_path / "runs"


def test_vasp_runs_in_a_tree(vasp):
    data = path(f"{vasp}/**/OUTCAR*", tests={"pressed": f"{vasp}/**/vasprun.xml"})
    text = (vasp / "a" / "OUTCAR").read_text()
    assert data.name == "runs"
    assert data.columns["group"].tolist() == ["train", "train", "pressed"]
    extrapolated = float(text.rpartition("energy(sigma->0) =")[2].split()[0])
    assert data.labels.energy[:2].tolist() == [extrapolated] * 2
    assert data.labels.forces[0].shape == (18, 3)
    assert data.labels.forces[2].shape == (2, 3)
    np.testing.assert_array_equal(data.labels.forces[0], data.labels.forces[1])


def test_vasp_stress_has_the_sign_and_units_of_ase(vasp):
    text = (vasp / "a" / "OUTCAR").read_text()
    kilobar = np.array([float(x) for x in text.rpartition("in kB")[2].split()[:6]])  # xx yy zz xy yz zx
    stress = path(str(vasp / "a" / "OUTCAR")).labels.stress[0]
    np.testing.assert_allclose(stress, -kilobar[[0, 1, 2, 4, 5, 3]] * 0.1 * GPa, atol=1e-12)


def test_vasp_free_energy_may_be_chosen(vasp):
    text = (vasp / "a" / "OUTCAR").read_text()
    free = float(text.rpartition("free  energy   TOTEN  =")[2].split()[0])
    assert path(str(vasp / "a"), energy_key="free_energy").labels.energy.tolist() == [free]


def test_vasp_runs_that_stopped_are_refused(vasp):
    with pytest.raises(ValueError, match=r"units='Hartree' is for .*ASE reads others in eV"):
        path(str(vasp / "a" / "OUTCAR"), units="Hartree")
    (vasp / "a" / "OUTCAR").write_text((vasp / "a" / "OUTCAR").read_text()[:3000])
    with pytest.raises(ValueError, match=r"ASE cannot read .*OUTCAR.*Incomplete"):
        path(str(vasp / "a" / "OUTCAR"))


def test_other_broken_files(tmp_path):
    (tmp_path / "a.foo").write_text("hello\n")
    with pytest.raises(ValueError, match=r"'.*a.foo' is of no known format .* known are .xyz, .*OUTCAR"):
        path(str(tmp_path / "a.foo"))
    (tmp_path / "a.xyz.gz").write_bytes(gzip.compress(b"1\nenergy=1\nH 0 0 0\n")[:-9])
    with pytest.raises(ValueError, match=r"ASE cannot read .*a.xyz.gz.*ended before"):
        path(str(tmp_path / "a.xyz.gz"))
    with closing(sqlite3.connect(tmp_path / "other.db")) as database:
        database.execute("CREATE TABLE mine (x)")
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(ValueError, match=r"is no ASE database: its tables are \['mine'\]"):
        path(str(tmp_path / "other.db"))
    assert (tmp_path / "other.db").read_bytes() == before


def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "a.xyz")
    with pytest.raises(FileNotFoundError, match="is a pipe, a socket or a device, and no file"):
        path(str(tmp_path / "a.xyz"))
