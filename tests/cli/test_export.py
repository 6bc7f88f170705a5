"""The door from a model file to another program."""

from __future__ import annotations

import pytest
from ase import Atoms
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.estimators import AtomicReference, LennardJones


def call(*words):
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, [str(w) for w in words])


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = lennard_jones(n_train=4, n_test=1)
    fitted = LennardJones(cutoff=6.0, n_starts=1, max_iterations=2).fit(data.frames[:4], data.labels[:4])
    fitted.save("argon.mlff")
    return "argon.mlff"


def test_it_writes_the_files_and_prints_the_lines_that_use_them(model, tmp_path):
    done = call("export", model, "-o", "out/ar.lammps")
    assert done.exit_code == 0, done.output
    assert "wrote out/ar.lammps (0.3 kB)\nwrote out/ar.lammps.table (" in done.stderr
    assert "include ar.lammps" in done.stdout.splitlines()
    assert "#   pair_style table spline 10000" in done.stdout.splitlines()
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"ar.lammps", "ar.lammps.table"}


def test_without_a_name_it_takes_the_models(model, tmp_path):
    assert call("export", model).exit_code == 0
    assert (tmp_path / "argon.lammps.table").exists()


def test_no_file_is_lost(model, tmp_path):
    (tmp_path / "x.lammps").write_text("mine")
    (tmp_path / "y.lammps.table").write_text("mine")
    kept = (tmp_path / model).read_bytes()
    for words, sentence in [
        (("-o", "x.lammps"), "x.lammps exists; --overwrite replaces it"),
        (("-o", "y.lammps"), "y.lammps.table exists; --overwrite replaces it"),
        (("-o", model, "--format", "lammps", "--overwrite"), "argon.mlff is the model itself"),
        (("-o", ".", "--format", "lammps"), ". is a folder; name a file"),
        (("-o", "x.lammps/x.lammps"), "File exists"),
    ]:
        done = call("export", model, *words)
        assert (done.exit_code, sentence in done.stderr) == (2, True), done.output
    assert (tmp_path / model).read_bytes() == kept
    assert {(tmp_path / name).read_text() for name in ("x.lammps", "y.lammps.table")} == {"mine"}
    assert not (tmp_path / "y.lammps").exists()
    assert call("export", model, "-o", "x.lammps", "--overwrite").exit_code == 0


def test_mistakes_are_sentences(model):
    AtomicReference().fit([Atoms("Ar")], [0.0]).save("floor.mlff")
    for words, sentence in [
        (("floor.mlff",), "AtomicReference runs in ASE only: mlffbench.load('floor.mlff').calculator()"),
        ((model, "-o", "x.xml"), "'x.xml' has no suffix of LennardJones, which writes .lammps (lammps)"),
        ((model, "--format", "quip"), "'quip' is no format of LennardJones"),
        (("nothing.mlff",), "nothing.mlff: No such file or directory"),
    ]:
        done = call("export", *words)
        assert done.exit_code == 2
        assert sentence in done.stderr, done.output
