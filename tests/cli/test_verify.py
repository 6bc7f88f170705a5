"""Commands ``submit`` and ``verify``: the exit code tells, and every reason is a sentence."""

from __future__ import annotations

import json
import shutil

from example_submission import document_file, edit
from typer.testing import CliRunner

from mlffbench.cli import app

RUNNER = CliRunner()


def test_submit_then_verify(honest_results, tmp_path):
    archive = tmp_path / "small.zip"
    done = RUNNER.invoke(app, ["submit", str(honest_results), "--out", str(archive)])
    assert done.exit_code == 0, done.output
    assert "12 cases, 2 of them failed" in done.output
    again = RUNNER.invoke(app, ["submit", str(honest_results), "--out", str(archive)])
    assert again.exit_code == 2
    assert "--overwrite replaces it" in again.output
    done = RUNNER.invoke(app, ["verify", str(archive), "--no-fetch"])
    assert done.exit_code == 0, done.output
    assert "all that can be computed again without a fit was, and holds" in done.output


def test_a_refusal_ends_with_code_1_and_names_its_reason(honest_results, tmp_path):
    folder = shutil.copytree(honest_results, tmp_path / "small")
    file = document_file(folder, "lennard_jones")
    edit(file, True, "scores", 0, "value", 1e-4)
    done = RUNNER.invoke(app, ["verify", str(folder), "--no-fetch"])
    assert done.exit_code == 1, done.output
    assert f"refused (scores): {file.stem}: energy rmse on test_300K is 0.0001 in the document" in done.output
    assert "12 cases, 2 of them failed; refused: 1 entries for 1 reasons" in done.output
    done = RUNNER.invoke(app, ["verify", str(folder), "--no-fetch", "--json"])
    content = json.loads(done.stdout)
    assert done.exit_code == 1
    assert [(r["entry"], r["check"]) for r in content["refusals"]] == [(file.stem, "scores")]
    assert not content["holds"]


def test_what_is_not_there_is_an_error_of_the_user(tmp_path):
    for words in (["verify", "none.zip"], ["submit", "none"], ["submit", str(tmp_path)]):
        done = RUNNER.invoke(app, words)
        assert done.exit_code == 2, done.output
        assert "mlffbench: " in done.output
