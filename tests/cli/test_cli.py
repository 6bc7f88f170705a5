"""Every command that writes, without the right to: what can be shown is shown, then one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from typer.testing import CliRunner

from mlffbench.cli import app

SUITE = """\
name: s
problems:
  - dataset: {path: train.xyz}
    split: {random: {train: 0.5}}
estimators:
  - atomic_reference
"""
RECIPE = """\
name: copper
structures: {start: {bulk: {name: Cu}}}
label_with: {calculator: emt}
groups: {cold: {draws: [{of: start, by: {rattle: {n_frames: 1, stdev: 0.05}}}]}}
"""


def without_rights(*words):
    """mlffbench by a user who may not write there; root loses its privilege to."""
    lose = "-dac_override,-dac_read_search"
    wrap = ["setpriv", f"--bounding-set={lose}", f"--inh-caps={lose}"] if os.geteuid() == 0 else []
    command = [*wrap, sys.executable, "-m", "mlffbench", *map(str, words)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, "COLUMNS": "300"}
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done.returncode, done.stdout, " ".join(done.stderr.split())


@pytest.fixture(scope="module")
def read_only(tmp_path_factory):
    """A finished suite and a recipe in a folder that is read-only: no test changes it."""
    folder = tmp_path_factory.mktemp("read-only")
    frames = []
    for i in range(12):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.08, seed=i)
        atoms.calc = EMT()
        energy, forces = atoms.get_potential_energy(), atoms.get_forces()
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces)
        frames.append(atoms)
    write(folder / "train.xyz", frames)
    (folder / "s.yaml").write_text(SUITE)
    (folder / "recipe.yaml").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert CliRunner().invoke(app, ["run", "s.yaml", "--out", "out"]).exit_code == 0
    subprocess.run(["chmod", "-R", "a-w", str(folder)], check=True)
    before = sorted(folder.rglob("*"))
    yield folder
    assert sorted(folder.rglob("*")) == before
    subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)


@pytest.fixture
def finished(read_only, monkeypatch):
    """The folder, in which the commands are called."""
    monkeypatch.chdir(read_only)
    return read_only


def test_reports_are_printed(finished, tmp_path_factory):
    for command in (["report", "out"], ["run", "s.yaml", "--out", "out"]):
        code, out, err = without_rights(*command)
        assert code == 2
        assert "atomic_reference" in out
        files = (
            "leaderboard.md, leaderboard.csv, across_problems.csv, scores.csv, scores.parquet, report.html"
        )
        assert f"{files} not written" in err
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    code, out, err = without_rights("report", "out", "--out", elsewhere)
    assert (code, err) == (0, "")
    assert (elsewhere / "leaderboard.md").exists()


def test_a_fit_does_not_start(finished):
    code, _, err = without_rights("run", "s.yaml", "--out", "other")
    assert code == 2
    assert "cannot write results into other: Permission denied" in err
    code, _, err = without_rights("run", "s.yaml", "--out", "out", "--force")
    assert (code, "cannot write results into out: Permission denied" in err) == (2, True)


def test_labels_are_one_sentence(finished):
    for more in ([], ["--dry-run"]):
        code, _, err = without_rights("label", "recipe.yaml", "--out", "work", *more)
        assert (code, err) == (2, "mlffbench: recipe.yaml: work: Permission denied")


def test_scores_are_one_sentence_and_stay(finished):
    before = {file: file.read_bytes() for file in (finished / "out").glob("*.json")}
    code, _, err = without_rights("score", "out", "--metric", "max_error")
    assert (code, "cannot write results into out: Permission denied; the scores are as" in err) == (2, True)
    assert {file: file.read_bytes() for file in (finished / "out").glob("*.json")} == before


def test_a_download_is_one_sentence(finished, monkeypatch):
    monkeypatch.delenv("MLFFBENCH_DATA", raising=False)
    monkeypatch.setenv("MLFFBENCH_CACHE", str(finished / "cache"))
    code, out, err = without_rights("data", "fetch", "rmd17")
    assert (code, out) == (2, "")
    assert "Permission denied; set MLFFBENCH_CACHE to another folder" in err


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("split", "train.xyz", "--split", "{random: {train: 0.5}}", "--out", "split.json"), "split digest"),
        (("split", "train.xyz", "--split", "{random: {train: 0.5}}", "--export", "parts"), "split digest"),
        (("show", "train.xyz", "--html", "page.html"), "12"),
        (("audit", "train.xyz", "--split", "{random: {train: 0.5}}", "--leak-free", "clean.json"), "train:"),
    ],
)
def test_data_commands_show_their_findings(finished, words, shown):
    code, out, err = without_rights("data", *words)
    assert code == 2
    assert shown in out
    assert f"cannot write {words[-1]}: Permission denied" in err
    code, out, _ = without_rights("data", *words, "--json")
    assert code == 2
    assert json.loads(out)
