"""mlffbench results: list, export, sql, merge, gc, tensorboard, mlflow."""

from __future__ import annotations

import json
import sys

import pandas as pd
import pytest
from example_documents import failed, measured, outcome
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.harness.documents.store import Store


def call(*words):
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["results", *map(str, words)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("results") / "r")
    for document in (outcome("mace"), outcome("mace", 0.03, seed=1), measured("soft", 140.0), failed("gap")):
        store.save(document)
    return store.folder


@pytest.mark.parametrize("words", [[], ["list"]])
def test_cases_are_listed_with_the_reasons_of_failures(folder, words):
    shown = call(*words, folder)
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    assert lines[0].split()[:4] == ["state", "method", "seed", "error"]
    assert any(line.split()[:4] == ["ok", "mace", "1", "0.03"] for line in lines)
    assert "1 failed: out of memory: 17 GiB were asked for" in lines
    assert lines[-1].startswith("4 cases: 3 ok, 1 failed; problem malonaldehyde")


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["--method", "mace"], ["mace-0", "mace-1"]),
        (["--status", "failed"], ["gap-0"]),
        (["--kind", "out of memory"], ["gap-0"]),
        (["--problem", "MALON", "--where", "error < 0.025 and seed == 0"], ["mace-0", "soft-0"]),
    ],
)
def test_cases_are_chosen(folder, options, ids):
    rows = json.loads(call("list", folder, *options, "--json").output)
    assert sorted(row["id"] for row in rows) == ids


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["list", "{}", "--method", "mac"], "no method 'mac'; did you mean 'mace'"),
        (["list", "{}", "--where", "eror < 1"], "name 'eror' is not defined; the columns are status"),
        (["list", "{}x"], "no results folder"),
        (["export", "{}", "a.txt"], "the suffix must be one of .parquet, .csv, .json"),
        (["export", "a.csv"], "name a results folder and a file"),
        (["export", "{}", "a.csv", "--table", "score"], "no table 'score'; did you mean 'scores'"),
        (["sql", "{}", "SELEC 1"], "the tables are cases, scores, failures"),
        (["gc", "{}", "--only", "log"], "no kind 'log'; did you mean 'logs'"),
        (["merge", "{}", "--into", "{}"], "is one of the folders to copy from"),
    ],
)
def test_a_mistake_is_one_sentence(folder, words, sentence):
    refused = call(*(word.format(folder) for word in words))
    assert refused.exit_code == 2
    assert sentence in " ".join(refused.output.split())
    assert "Traceback" not in refused.output


@pytest.mark.parametrize("suffix", ["parquet", "csv", "json"])
def test_a_table_is_exported(folder, tmp_path, suffix):
    file = tmp_path / f"scores.{suffix}"
    done = call("export", folder, file, "--method", "soft")
    assert done.exit_code == 0, done.output
    rows = getattr(pd, f"read_{suffix}")(file)
    assert set(rows["method"]) == {"soft"}
    assert rows[rows["quantity"] == "C11"]["value"].tolist() == [10.0]
    assert "exists; --overwrite replaces it" in call("export", folder, file).output
    assert call("export", folder, file, "--overwrite", "--table", "cases").exit_code == 0
    assert len(getattr(pd, f"read_{suffix}")(file)) == 4


def test_tables_are_queried_with_sql(folder):
    query = "SELECT method, count(*) AS n FROM cases WHERE status = 'ok' GROUP BY method ORDER BY method"
    assert json.loads(call("sql", folder, query, "--json").output) == [
        {"method": "mace", "n": 2},
        {"method": "soft", "n": 1},
    ]
    assert "1 rows" in call("sql", folder, "SELECT max(value) FROM scores").output


def test_lists_and_missing_cells_of_a_query_are_shown(folder):
    query = "SELECT problem, list(DISTINCT method ORDER BY method) AS m, NULL AS a, {}::DATE AS b FROM cases"
    shown = call("sql", folder, f"{query.format('NULL')} WHERE status = 'ok' GROUP BY problem")
    assert shown.exit_code == 0, shown.output
    assert "['mace', 'soft']" in shown.output
    assert shown.output.splitlines()[-2].split()[-2:] == ["-", "-"]


def test_a_missing_package_is_named_with_its_extra(folder, monkeypatch):
    for name, words, extra in (
        ("duckdb", ["sql", folder, "SELECT 1"], "mlffbench[query]"),
        ("tensorboard.summary", ["tensorboard", folder], "mlffbench[tracking]"),
        ("mlflow", ["mlflow", folder], "pip install mlflow"),
    ):
        monkeypatch.setitem(sys.modules, name, None)
        refused = call(*words)
        assert refused.exit_code == 2
        assert extra in refused.output


def test_folders_are_merged_and_conflicts_are_named(folder, tmp_path):
    assert "4 cases copied" in call("merge", folder, "--into", tmp_path / "all").output
    Store(tmp_path / "all").save(outcome("mace", 0.5))
    again = call("merge", folder, "--into", tmp_path / "all")
    assert again.exit_code == 1
    assert "conflict: mace-0" in again.output
    assert "0 cases copied" in again.output


def test_garbage_is_listed_and_removed_only_with_yes(folder, tmp_path):
    call("merge", folder, "--into", tmp_path / "all")
    log = tmp_path / "all" / "logs" / "mace-0.log"
    log.parent.mkdir()
    log.write_text("x" * 1000)
    assert "logs: 1, 1.0 kB (output of cases)" in call("gc", tmp_path / "all").output
    assert log.exists()
    assert "removed 1.0 kB" in call("gc", tmp_path / "all", "--yes").output
    assert not log.exists()
    assert "nothing to remove" in call("gc", tmp_path / "all").output
