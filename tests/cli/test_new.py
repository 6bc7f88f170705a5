"""From a stranger's file to a suite, a run and a verdict."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from ase import units
from ase.build import molecule as built
from ase.io import read, write
from ase.md.verlet import VelocityVerlet
from example_cases import InProcess
from example_users_data import alloy, molecule, slab
from typer.testing import CliRunner

import mlffbench
from mlffbench.cli import app
from mlffbench.harness.documents.store import Store
from mlffbench.harness.planning.read_suite import read_suite


def call(*words):
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, [str(w) for w in words])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    (folder / "sub").mkdir()
    return {make.__name__: make(folder / f"{make.__name__}.extxyz") for make in (slab, alloy, molecule)}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mlffbench.harness.execution.case_queue.CaseProcess", InProcess)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "keys", "kind", "split", "classical"),
    [
        ("slab", "energy from 'dft_energy', forces from 'REF_forces', no stress", "slabs", "blocks", "morse"),
        (
            "alloy",
            "energy from 'dft_energy', forces from 'dft_forces', stress from 'dft_virial'",
            "crystals or liquids",
            "random",
            "embedded_atom",
        ),
        (
            "molecule",
            "energy from 'Energy', forces from 'Forces', no stress",
            "one molecule",
            "blocks",
            "bonded",
        ),
    ],
)
def test_new_prints_a_suite_and_says_what_it_took(files, tmp_path, name, keys, kind, split, classical):
    result = call("new", files[name], "--budget", "5m")
    assert result.exit_code == 0, result.output
    (tmp_path / "suite.yaml").write_text(result.stdout)
    suite = read_suite(tmp_path / "suite.yaml")
    assert suite.name == name
    assert suite.problems[0].split.name == split
    assert classical in {row.label for row in suite.estimators}
    said = " ".join(result.stderr.split())
    for words in (keys, kind, "taken as eV, eV/Å", "checks: no mistakes found", "of the budget of 5m"):
        assert words in said
    assert all(len(line) <= 80 for line in result.stderr.splitlines() if "/" not in line)


def test_run_goes_from_a_file_to_a_verdict_and_keeps_the_suite(files, here):
    words = ("run", files["alloy"], "--quick", "--only", "atomic_reference,morse")
    result = call(*words)
    assert result.exit_code == 0, result.output
    assert "Best here: morse" in " ".join(result.output.split())
    folder = here / "results" / "alloy"
    assert "wrote" in result.output
    assert (folder / "leaderboard.md").is_file()
    suite = read_suite(folder / "suite.yaml")
    assert [row.label for row in suite.estimators] == ["atomic_reference", "morse"]
    assert "# ran as: mlffbench " in (folder / "suite.yaml").read_text()
    assert "2 cases, 0 to run" in call(*words, "--dry-run").output
    moved = folder.rename(here / "elsewhere")
    assert "2 cases, 0 to run" in call("run", moved, "--dry-run").output
    assert not list(moved.glob("suite-*"))


def test_a_dry_run_writes_nothing(files, here):
    result = call("run", files["slab"], "--quick", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "4 cases, 4 to run" in result.output
    assert not list(here.iterdir())


def test_only_chooses_rows_of_a_suite(here):
    (here / "suite.yaml").write_text(
        "name: a\nproblems: [{dataset: {lennard_jones: {n_train: 6, n_test: 3}}}]\n"
        "estimators:\n  - atomic_reference\n  - morse\n  - morse: {cutoff: 5.0}\n    as: short\n"
    )
    assert "2 cases, 2 to run" in call("run", "suite.yaml", "--only", "morse", "--dry-run").output
    assert "1 cases, 1 to run" in call("run", "suite.yaml", "--only", "short", "--dry-run").output
    refused = call("run", "suite.yaml", "--only", "mors", "--dry-run")
    assert refused.exit_code == 2
    assert "did you mean 'morse'" in refused.output
    assert call("run", "suite.yaml", "--only", "atomic_reference").exit_code == 0
    assert (here / "results/a/suite.yaml").read_text().endswith((here / "suite.yaml").read_text())


def test_another_file_of_the_same_name_is_refused(files, here):
    for folder in ("one", "two"):
        (here / folder).mkdir()
        (here / folder / "alloy.extxyz").write_text(files["alloy"].read_text())
    words = ("--only", "atomic_reference", "--budget", "1m")
    assert call("run", "one/alloy.extxyz", *words).exit_code == 0
    assert call("run", here / "one/alloy.extxyz", *words, "--dry-run").exit_code == 0
    refused = call("run", "two/alloy.extxyz", *words)
    assert refused.exit_code == 2
    said = "".join(refused.output.split())
    assert "one/alloy.extxyz;giveanotherfolderwith--out" in said
    (here / "results/alloy/suite.yaml").unlink()
    assert "results of another suite" in " ".join(call("run", "one/alloy.extxyz", *words).output.split())
    assert call("run", "two/alloy.extxyz", *words, "--out", "other", "--dry-run").exit_code == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("run", "nothing.xyz"), "no data file matches 'nothing.xyz'"),
        (("run", "README.md"), "README.md is neither a suite (.yaml) nor data that can be read"),
        (("new", "suite.yaml"), "suite.yaml is a suite already"),
        (("run", "suite.yaml", "--budget", "5m"), "--budget, --quick and --param are for data"),
        (("run", "-", "--budget", "5m"), "--budget, --quick and --param are for data"),
        (("run", "few.xyz", "--only", ","), "--only names no method; write --only mace,soap_gpr"),
        (("new", "nothing.yaml"), "no data file matches 'nothing.yaml'"),
        (("run", "few.xyz"), "has 3 frames, too few to train and test"),
        (("run", "few.xyz", "-p", "forces_key=nope"), "nope"),
        (("new", "few.xyz", "--budget", "soon"), "a budget is a time such as 90s, 30m or 2h"),
    ],
)
def test_mistakes_are_one_sentence(here, words, sentence):
    (here / "README.md").write_text("# text\n")
    (here / "suite.yaml").write_text("name: a\n")
    frames = [built("CH4") for _ in range(30 if "soon" in words else 3)]
    for i, frame in enumerate(frames):
        frame.rattle(0.05, seed=i)
        frame.info["energy"] = -1.0 - 0.01 * i
    write(here / "few.xyz", frames)
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert sentence in " ".join(result.output.split())


def test_a_suite_of_any_suffix_is_one(here):
    (here / "my.suite").write_text(
        "name: a\nproblems: [{dataset: {lennard_jones: {n_train: 6, n_test: 3}}}]\nestimators: [morse]\n"
    )
    assert "1 cases, 1 to run" in call("run", "my.suite", "--dry-run").output


def test_data_of_trusted_code_are_checked_as_files_are(files, here, monkeypatch):
    (here / "their_data.py").write_text(
        f"from mlffbench.datasets.path import path\n\ndef load():\n    return path({str(files['alloy'])!r})\n"
    )
    monkeypatch.syspath_prepend(str(here))
    monkeypatch.setenv("MLFFBENCH_TRUST", "their_data")
    result = call("new", "their_data:load", "--budget", "1m")
    assert result.exit_code == 0, result.output
    assert re.search(r"checked +\d+ checks", result.stderr)


@pytest.mark.parametrize("file", ["done", "done/suite.yaml", "-"])
def test_options_for_data_are_refused_beside_any_suite(here, file):
    (here / "done").mkdir()
    (here / "done/suite.yaml").write_text("name: a\n")
    result = call("run", file, "--budget", "5m")
    assert result.exit_code == 2
    assert "--quick and --param are for data" in " ".join(result.output.split())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["slab", "alloy", "molecule"])
def test_five_minutes_give_a_leaderboard_models_and_a_verdict(files, tmp_path, name):
    """The promise of issue 14 to a stranger, in child processes."""
    command = [sys.executable, "-P", "-m", "mlffbench", "run", str(files[name]), "--budget", "5m"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=1500, env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Best here:" in done.stdout
    folder = tmp_path / "results" / name
    documents = Store(folder).documents()
    assert len(documents) >= 6
    assert all(document["status"] == "ok" for document in documents)
    assert all((folder / document["kept_model"]["file"]).is_file() for document in documents)
    best = tmp_path / "best.mlff"
    assert call("model", folder, "best", "-o", best).exit_code == 0
    assert call("predict", best, files[name], "-o", tmp_path / "predicted.extxyz").exit_code == 0
    atoms = read(files[name], index=0)
    atoms.calc = mlffbench.load(best).calculator()
    VelocityVerlet(atoms, 1 * units.fs).run(100)
    assert np.isfinite(atoms.positions).all()
