"""Commands that read a stranger's file: they plan, list and show without its code, or with ``--trust``."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from mlffbench.cli import app

SUITE = """\
name: s
problems:
  - dataset: DATASET
    split: {random: {train: 0.5}}
estimators: [ESTIMATOR]
metrics: [METRIC]
tasks: [TASK]
"""
GOOD = {"DATASET": "lennard_jones", "ESTIMATOR": "morse", "METRIC": "rmse", "TASK": "speed"}
RECIPE = """\
name: h
structures: {fcc: {bulk: {name: Cu, a: 3.6, cubic: true}}}
sample_with: SAMPLING
label_with: {calculator: LABELLING}
groups: {g: {draws: [{of: fcc, by: SAMPLER}]}}
"""
GOOD_RECIPE = {"SAMPLING": "emt", "LABELLING": "emt", "SAMPLER": "{rattle: {stdev: 0.05, n_frames: 2}}"}
CALL = '{"strangers_module:call": {}}'


def written(text, words, changes, file):
    for word, value in {**words, **changes}.items():
        text = text.replace(word, value)
    file.write_text(text)
    return str(file)


def refused(*words):
    """The command ends with one sentence that names the remedy."""
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    assert "add --trust strangers_module" in done.output, done.output


@pytest.mark.parametrize(
    "change",
    [
        *({"DATASET": CALL}, {"ESTIMATOR": CALL}, {"METRIC": '"strangers_module:call"'}, {"TASK": CALL}),
        {"DATASET": f"{{path: a.xyz, truth: {CALL}}}"},
        {"ESTIMATOR": f"{{committee: {{model: {CALL}}}}}"},
        {"ESTIMATOR": f"{{delta_learning: {{baseline: {{calculator: {CALL}}}, model: morse}}}}"},
    ],
)
def test_a_suite_of_a_stranger_is_planned_without_its_code(stranger, tmp_path, change):
    suite = written(SUITE, GOOD, change, tmp_path / "s.yaml")
    for words in (["--dry-run"], []):
        refused("run", suite, "--out", str(tmp_path / "out"), *words)
    assert stranger.marks == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "change", [{"SAMPLING": CALL}, {"LABELLING": CALL}, {"SAMPLER": CALL}, {"SAMPLER": f"[as_given, {CALL}]"}]
)
def test_a_recipe_of_a_stranger_is_planned_without_its_code(stranger, tmp_path, change):
    recipe = written(RECIPE, GOOD_RECIPE, change, tmp_path / "r.yaml")
    refused("label", recipe, "--out", str(tmp_path / "work"), "--dry-run")
    refused("label", recipe, "--out", str(tmp_path / "work"))
    assert stranger.marks == []
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("dataset", ["strangers_module:call", CALL, f"{{path: a.xyz, truth: {CALL}}}"])
def test_data_commands_call_nothing_of_a_stranger(stranger, dataset):
    for command in ("show", "check", "fetch", "split", "audit"):
        refused("data", command, dataset)
    refused("data", "split", "lennard_jones", "--split", CALL)
    assert stranger.marks == []


def test_added_metrics_need_trust(stranger, tmp_path):
    (tmp_path / "a.json").write_text("{}")
    refused("score", str(tmp_path), "--metric", "strangers_module:call")
    assert stranger.marks == []


def test_trust_is_given_with_an_option_or_the_setting(stranger, tmp_path, monkeypatch):
    suite = written(SUITE, GOOD, {"ESTIMATOR": '"strangers_module:Mine"'}, tmp_path / "s.yaml")
    for dataset in ('"strangers_module:data"', "lennard_jones"):
        suite = written(
            SUITE, {**GOOD, "DATASET": dataset}, {"ESTIMATOR": '"strangers_module:Mine"'}, tmp_path / "s.yaml"
        )
        done = CliRunner().invoke(
            app, ["run", suite, "--dry-run", "--trust", "other", "--trust", stranger.name]
        )
        assert "1 cases, 1 to run" in done.output, done.output
        assert "called" not in stranger.marks
    assert os.environ["MLFFBENCH_TRUST"] == "other,strangers_module"
    monkeypatch.setenv("MLFFBENCH_TRUST", stranger.name)
    monkeypatch.chdir(tmp_path)  # where the page of the dataset is written
    assert CliRunner().invoke(app, ["data", "show", "strangers_module:data"]).exit_code == 0


def test_trust_reaches_the_process_of_a_case(stranger, tmp_path):
    text = SUITE.replace("tasks: [TASK]\n", "")
    suite = written(
        text, GOOD, {"ESTIMATOR": '{"strangers_module:Mine": {max_iterations: 2}}'}, tmp_path / "s.yaml"
    )
    command = [
        sys.executable,
        "-m",
        "mlffbench",
        "run",
        suite,
        "--out",
        str(tmp_path / "out"),
        "--trust",
        stranger.name,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    (document,) = [json.loads(f.read_text()) for f in (tmp_path / "out").glob("*.json")]
    assert document["status"] == "ok"


def test_every_command_that_reads_a_file_has_the_option():
    for words in (
        ["run"],
        ["label"],
        ["score"],
        *(["data", c] for c in ("show", "fetch", "check", "split", "audit")),
    ):
        assert "--trust" in CliRunner().invoke(app, [*words, "--help"]).output, words
