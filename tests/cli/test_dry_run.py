"""Dry run: a table of states, times and reasons at 80 columns, without network, texts as they are."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import yaml
from example_files import xyz
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.data import Score
from mlffbench.harness.documents.store import Store
from mlffbench.harness.outcome import Outcome, failed
from mlffbench.harness.planning.planned_run import plan_run

LABEL, FAILED = (
    "[red]x[/red] [gap]",
    {"kind": "not installed", "message": "pip install 'mlffbench[gap]' [/x]"},
)
SCORE = Score("test", "forces", "rmse", 0.1, "eV/Å")
SUITE = {
    "name": "demo",
    "problems": [{"dataset": {"lennard_jones": {"n_train": 6, "n_test": 3}}}],
    "estimators": ["atomic_reference", {"morse": {"cutoff": 8.0}, "as": LABEL}],
}


def call(*words):
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, [str(w) for w in words])


@pytest.fixture
def suite(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump(SUITE))
    return tmp_path


def test_states_reasons_and_times_are_a_table_of_80_columns(suite):
    plan, store = plan_run(SUITE), Store(suite / "out")
    fit = {"seconds": 90.0, "peak_memory_mb": 300.0, "peak_gpu_memory_mb": None}
    done = Outcome(plan.cases[0], scores=(SCORE, replace(SCORE, metric="mae")), timings={"fit": fit})
    store.save(done.to_json())
    store.save(failed(plan.cases[1], FAILED).to_json())
    result = call("run", "suite.yaml", "--out", "out", "--dry-run")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "reading suite.yaml"
    assert lines[-1] == "2 cases, 0 to run"
    assert all(len(line) <= 80 for line in lines)
    assert [line.split()[0] for line in lines[3:5]] == ["finished", "failed"]
    assert "1.5 min" in lines[3]
    assert "300 MB" in lines[3]
    assert f"failed: {LABEL} on lennard_jones: not installed: {FAILED['message']}" in " ".join(
        result.output.split()
    )
    document = json.loads(call("run", "suite.yaml", "--out", "out", "--dry-run", "--json").stdout)
    assert [case["status"] for case in document["cases"]] == ["finished", "failed"]
    assert document["cases"][1]["label"] == LABEL


def test_data_that_are_not_here_are_no_error(suite, monkeypatch):
    monkeypatch.setenv("MLFFBENCH_DATA", str(suite / "empty"))
    monkeypatch.setattr(
        "mlffbench.system.fetch.fetch", lambda *a, **k: pytest.fail("it was to be downloaded")
    )
    more = {**SUITE, "problems": [*SUITE["problems"], {"dataset": "acac"}]}
    (suite / "suite.yaml").write_text(yaml.safe_dump(more))
    result = call("run", "suite.yaml", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "?: acac: the data are not here: to download, 4.1 MB" in result.output
    assert result.output.endswith("2 of data that are not here\n4 cases, 2 to run\n")
    assert not (suite / "empty").exists()


def test_budgets_are_expected_times(suite):
    rows = [{"mace": {"max_seconds": 120}}, {"mace": {"max_seconds": 60}, "as": "short"}, "gap"]
    (suite / "suite.yaml").write_text(yaml.safe_dump({**SUITE, "estimators": rows, "time_limit": 100.0}))
    output = call("run", "suite.yaml", "--dry-run").output
    assert "2.7 min, without 1 of which nothing is known" in output


def test_brackets_in_names_of_files_and_folders_stay(suite):
    (suite / "[gap]").mkdir()
    file = xyz(suite / "[gap]" / "[b]my[x].xyz", *["energy=-1", "energy=-2"] * 4)
    problem = {"dataset": {"path": str(file).replace("[", "[[]")}, "split": "random"}
    (suite / "suite.yaml").write_text(yaml.safe_dump({**SUITE, "problems": [problem]}))
    result = call("run", "suite.yaml", "--out", "[gap]/[x]", "--dry-run")
    assert LABEL in result.output, result.output
    result = call("run", "[x].yaml", "--out", "[gap]/[x]")
    assert "[x].yaml" in result.output


def test_the_job_script_of_a_cluster_is_printed(suite):
    pytest.importorskip("dask_jobqueue")
    more = {**SUITE, "executor": {"slurm": {"partition": "long", "cores": 8, "gpu": 1}}}
    (suite / "suite.yaml").write_text(yaml.safe_dump(more))
    result = call("run", "suite.yaml", "--dry-run")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    for line in ("#SBATCH -p long", "#SBATCH --cpus-per-task=8", "#SBATCH --gres=gpu:1"):
        assert line in lines
    document = json.loads(call("run", "suite.yaml", "--dry-run", "--json").stdout)
    assert "#SBATCH -p long" in document["executor"]
    other = call("run", "suite.yaml", "--dry-run", "--scheduler", "tcp://head:8786")
    assert "dask: the scheduler at tcp://head:8786" in other.output.splitlines()


def test_a_misspelt_executor_is_a_sentence(suite):
    result = call("run", "suite.yaml", "--dry-run", "--executor", "slrum")
    assert result.exit_code == 2
    assert "no executor 'slrum'; did you mean 'slurm'?" in " ".join(result.output.split())
