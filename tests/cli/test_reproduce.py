"""Command ``mlffbench reproduce`` on results made by hand, and on a suite that it runs."""

from __future__ import annotations

import json

import pytest
import yaml
from example_documents import outcome
from example_published import PROBLEM, entry, published_error
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.harness.documents.store import Store


def call(*words):
    return CliRunner(env={"COLUMNS": "120"}).invoke(app, ["reproduce", *map(str, words)])


@pytest.fixture
def folder(tmp_path):
    """A results folder in which mace has a force RMSE of 20 ±2 meV/Å on test_300K."""
    Store(tmp_path / "again").save(outcome("mace", 0.02), None)
    return tmp_path / "again"


def keep(folder, *entries):
    content = {
        "name": "again",
        "problems": [PROBLEM],
        "estimators": ["mace", "sgdml"],
        "published": list(entries),
    }
    (folder / "suite.yaml").write_text(yaml.safe_dump(content, allow_unicode=True))


GOOD = [published_error(21), published_error(22.2)]


@pytest.mark.parametrize(
    ("entries", "code", "summary"),
    [
        ([entry(*GOOD)], 0, "2 published errors: 1 reproduced, 1 within tolerance"),
        (
            [entry(*GOOD, published_error(10))],
            1,
            "1 within tolerance, 1 missed; of those not reproduced, 1 without a reason in the suite",
        ),
        ([entry(*GOOD), entry(published_error(10), exempt="too few epochs")], 0, "none without a reason"),
        ([entry(published_error(10), row="sgdml")], 1, "1 published errors: 1 not run"),
        ([entry(published_error(10), row="sgdml", exempt="needs a GPU")], 0, "none without a reason"),
    ],
)
def test_the_exit_code_tells_missed_and_absent_errors(folder, entries, code, summary):
    keep(folder, *entries)
    done = call(folder)
    assert (done.exit_code, summary in " ".join(done.output.split())) == (code, True), done.output


def test_an_interval_that_holds_nearly_everything_reproduces_nothing(tmp_path):
    document = outcome("mace", 0.03)
    document["scores"][0] |= {"low": 0.008, "high": 0.110}
    Store(tmp_path / "again").save(document, None)
    keep(tmp_path / "again", entry(published_error(10)))
    done = call(tmp_path / "again")
    words = "1 published errors: 1 not decided; of those not reproduced, 1 without a reason in the suite"
    assert (done.exit_code, words in " ".join(done.output.split())) == (1, True), done.output


def test_json_has_the_numbers(folder):
    keep(
        folder, entry(published_error(10), protocol=[{"setting": "structures", "document": "split.n_train"}])
    )
    done = call(folder, "--json")
    content = json.loads(done.output)
    (error,) = content["errors"]
    assert (error["published"], error["measured"], error["verdict"]) == (10.0, pytest.approx(20.0), "missed")
    assert content["protocols"][0]["here"] == "400"
    assert done.exit_code == 1


def test_another_suite_may_hold_the_published_errors(folder, tmp_path):
    keep(folder)
    assert "has no published errors" in call(folder).output
    keep(tmp_path, entry(published_error(21)))
    assert call(folder, "--against", tmp_path / "suite.yaml").exit_code == 0


@pytest.mark.parametrize("words", [["--against", "x.yaml"], ["--no-run", "--against", "x.yaml"]])
def test_what_makes_no_sense_is_refused(folder, words):
    keep(folder, entry(published_error(21)))
    assert call(folder / "suite.yaml", *words).exit_code == 2
    assert call(folder, "--out", "elsewhere").exit_code == 2


def test_a_folder_without_a_suite_is_refused(folder):
    done = call(folder)
    assert (done.exit_code, "--against names the suite" in done.output) == (2, True)


def test_a_suite_is_run_first(tmp_path):
    lennard_jones = {"test": "test", "quantity": "forces", "metric": "rmse", "unit": "eV/Å"}
    content = {
        "name": "toy",
        "problems": [{"dataset": {"lennard_jones": {"n_train": 6, "n_test": 3}}}],
        "estimators": ["atomic_reference"],
        "published": [entry({**lennard_jones, "value": 1000}, row="atomic_reference", method="mean")],
    }
    file, out = tmp_path / "toy.yaml", tmp_path / "out"
    file.write_text(yaml.safe_dump(content, allow_unicode=True))
    before = call(file, "--out", out, "--no-run")
    assert (before.exit_code, "not run" in before.output, out.exists()) == (1, True, False)
    after = call(file, "--out", out)
    assert after.exit_code == 1
    assert "1 published errors: 1 missed" in after.output
    assert "smaller than published" in " ".join(after.output.split())
    assert "Published errors" in (out / "leaderboard.md").read_text()
