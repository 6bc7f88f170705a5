"""mlffbench model: the kept model of a row."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write
from example_results import results_folder
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.data import Spec
from mlffbench.system.model_file import load


def call(*words):
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["model", *map(str, words)])


LARGE = Spec("lennard_jones", {"n_train": 6, "n_test": 2})
SMALL = Spec("lennard_jones", {"n_train": 4, "n_test": 2})
METHODS = {
    "morse": Spec("morse", {"max_iterations": 2, "n_starts": 1}),
    "short": Spec("morse", {"max_iterations": 2, "n_starts": 1, "cutoff": 5.0}),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A results folder of two problems, three methods and two seeds, fitted in this process."""
    folder = results_folder(tmp_path_factory.mktemp("model") / "out", (LARGE, SMALL), METHODS, (0, 1))
    report = CliRunner().invoke(app, ["report", str(folder)])
    assert report.exit_code == 0, report.output
    return folder


def test_the_best_model_is_found_and_copied(results, tmp_path):
    result = call(results, "best", "--problem", "n_train=6", "-o", tmp_path / "best.mlff")
    assert result.exit_code == 0, result.output
    assert max(map(len, result.output.splitlines()[:10])) <= 80
    facts = json.loads(call(results, "best", "--problem", "n_train=6", "--json").output)
    assert (tmp_path / "best.mlff").read_bytes() == Path(facts["path"]).read_bytes()
    assert facts["method"] in ("morse", "short")
    assert facts["elements"] == ["Ar"]
    assert facts["training_frames"] == 6
    assert facts["settings"]["max_iterations"] == 2
    forces = [e for e in facts["errors"] if e["quantity"] == "forces"]
    board = (results / "leaderboard.csv").read_text()
    assert len(forces) == 1
    assert forces[0]["unit"] == "meV/Å"
    assert board


def test_the_lines_of_ase_run(results, tmp_path, monkeypatch, capsys):
    facts = json.loads(call(results, "morse", "--problem", "n_train=6", "--seed", "1", "--json").output)
    monkeypatch.chdir(tmp_path)
    write("structure.xyz", bulk("Ar", a=5.4, cubic=True))
    exec("\n".join(facts["usage"]), {})
    energy = load(facts["path"]).predict([bulk("Ar", a=5.4, cubic=True)]).energy[0]
    assert np.isclose(float(capsys.readouterr().out.split()[0]), energy)


def test_without_a_method_all_are_listed_with_sizes(results):
    text = call(results).output
    assert all(label in text for label in ("morse", "short"))
    rows = json.loads(call(results, "--json").output)
    assert len(rows) == 8
    assert all(row["bytes"] > 0 for row in rows)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("morse",), "morse was fitted 4 times here; choose a problem of"),
        (("short", "--problem", "n_train=6"), "choose a seed of 0, 1"),
        (("best",), "best was fitted 2 times here; choose a problem of"),
        (("-o", "x.mlff"), "name the method too: mlffbench model"),
        (("--seed", "0"), "name the method too: mlffbench model"),
        (("mors",), "did you mean 'morse'?"),
        (("morse", "--problem", "gold"), "no problem 'gold'"),
        (("morse", "--problem", "n_train=6", "--seed", "7"), "morse has no seed 7; it has 0, 1"),
    ],
)
def test_what_is_not_one_model_is_one_sentence(results, words, sentence):
    result = call(results, *words)
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.split())


def test_a_model_that_is_gone_has_a_reason_and_a_remedy(results):
    facts = json.loads(call(results, "short", "--problem", "n_train=4", "--seed", "0", "--json").output)
    Path(facts["path"]).write_bytes(b"x")
    words = (results, "short", "--problem", "n_train=4", "--seed", "0")
    damaged = " ".join(call(*words).output.split())
    assert "damaged" in damaged
    assert "--force" in damaged
    Path(facts["path"]).unlink()
    result = call(*words)
    assert result.exit_code == 2
    assert "its model file was deleted" in " ".join(result.output.split())
    assert any(row["reason"] for row in json.loads(call(results, "--json").output))


def test_other_folders_and_existing_files_are_refused(results, tmp_path):
    assert "holds no results" in call(tmp_path, "best").output
    assert "does not exist" in call(tmp_path / "no", "best").output
    (tmp_path / "x.mlff").touch()
    words = (results, "morse", "--problem", "n_train=6", "--seed", "0", "-o")
    assert "--overwrite replaces it" in call(*words, tmp_path / "x.mlff").output
    assert "is a folder" in call(*words, tmp_path).output
    assert call(*words, tmp_path / "x.mlff", "--overwrite").exit_code == 0


def test_the_report_names_the_models(results):
    text = (results / "leaderboard.md").read_text()
    assert "### Kept models" in text
    assert 'mlffbench.load("models/' in text
    page = (results / "report.html").read_text()
    assert page.count("Use a model") == 4  # a tab and a heading for each of two problems
    assert "mlffbench.load(" in page
    assert "Kept models" not in (results / "leaderboard.csv").read_text()
