"""mlffbench results indicators."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from example_documents import outcome
from example_survival import lived
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.harness.documents.store import Store


def call(*words):
    return CliRunner(env={"COLUMNS": "120"}).invoke(app, ["results", *map(str, words)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("results") / "r")
    for i, lost in enumerate([0.0, 0.0, 0.1, 0.3, 0.2, 0.6, 0.8]):
        for dataset in ("malonaldehyde", "acac"):
            store.save(lived(f"m{i}", 0.01 * (i + 1), lost, dataset=dataset, locality=0.1 * (i % 3)))
    return store.folder


def test_each_problem_and_all_pooled_have_their_tables(folder):
    shown = call("indicators", folder, "--rows", "2")
    assert shown.exit_code == 0, shown.output
    assert [line for line in shown.output.splitlines() if line.endswith("problems")] == ["all problems"]
    assert shown.output.count("Indicators of survival") == 3
    assert "and 1 more; --rows shows them" in shown.output
    assert "Fixed F: partial" in shown.output


def test_problems_are_chosen_and_json_has_all_numbers(folder):
    shown = call("indicators", folder, "--problem", "acac", "--json")
    rows = json.loads(shown.stdout)
    assert {row["problem"].partition(" ")[0] for row in rows} == {"acac"}
    force = next(row for row in rows if row["indicator"] == "force RMSE, in domain")
    assert force["rho"] > 0.8
    assert force["partial"] is None


def test_the_table_is_exported(folder, tmp_path):
    done = call("export", folder, tmp_path / "i.csv", "--table", "indicators")
    assert done.exit_code == 0, done.output
    assert {"rho", "p_holm"} <= set(pd.read_csv(tmp_path / "i.csv"))


def test_results_without_dynamics_are_refused(tmp_path):
    Store(tmp_path / "r").save(outcome("mace"))
    refused = call("indicators", tmp_path / "r")
    assert refused.exit_code == 2
    assert "needs the task md" in refused.output


def test_the_answer_is_written_as_markdown(folder, tmp_path):
    done = call("indicators", folder, "--out", tmp_path / "indicators.md")
    assert done.exit_code == 0, done.output
    text = (tmp_path / "indicators.md").read_text()
    assert text.count("\n## ") == 3
    assert "| force RMSE, in domain | 0.9" in text
    assert call("indicators", folder, "--out", tmp_path / "indicators.pdf").exit_code == 2
