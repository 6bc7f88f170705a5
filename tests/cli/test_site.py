"""mlffbench site: all results folders become one site."""

from __future__ import annotations

import json

import pytest
from example_documents import outcome
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.cli import site as command
from mlffbench.harness.documents.store import Store


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Two results folders in one, beside a folder without results."""
    facts = {"mace": {"name": "mace", "summary": "A network.", "parameters": []}}
    monkeypatch.setattr(command, "_estimators", lambda: facts)  # all of them take seconds
    for name, force in (("b", 0.02), ("a", 0.03)):
        Store(tmp_path / "results" / name).save(outcome("mace", force))
    (tmp_path / "results" / "notes").mkdir()
    return tmp_path / "results"


def call(*words):
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["site", *map(str, words)])


def test_every_folder_with_results_is_a_suite(results, tmp_path):
    done = call(results, "--out", tmp_path / "public", "--json")
    assert done.exit_code == 0, done.output
    facts = json.loads(done.output)
    assert facts["suites"] == ["a", "b"]
    made = [path for path in (tmp_path / "public").rglob("*.html")]
    assert facts["pages"] == len(made)
    assert (tmp_path / "public" / "suites" / "a" / "index.html").is_file()
    again = call(results / "a", results / "b", results, "--out", tmp_path / "public")
    assert "2 suites" in again.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["{}/none"], "no results folder"),
        (["{}/notes"], "holds no results"),
        (["{}/a", "--out", "{}"], "is not empty and holds no site"),
    ],
)
def test_refusals_are_sentences(results, words, sentence):
    done = call(*(word.format(results) for word in words))
    assert done.exit_code != 0
    assert sentence in " ".join(done.output.split())
    assert "Traceback" not in done.output
