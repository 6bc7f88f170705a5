"""``mlffbench label``."""

from __future__ import annotations

import os

from typer.testing import CliRunner

from mlffbench.cli import app


def test_a_recipe_that_is_not_there_is_a_sentence():
    done = CliRunner().invoke(app, ["label", "nowhere.yaml"])
    assert done.exit_code == 2
    assert "No such file" in done.output + (done.stderr or "")
    assert os.path.exists("labels") is False


def test_help_shows_the_default_work_folder(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    output = CliRunner().invoke(app, ["label", "--help"]).output
    assert "[default: (labels/<name of the recipe>)]" in " ".join(output.replace("│", " ").split())
