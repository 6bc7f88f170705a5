"""Failures and skips of tasks."""

from __future__ import annotations

import numpy as np
import pytest
from example_documents import failed, outcome

from mlffbench.report.dataframes.failures import failures, skipped
from mlffbench.report.dataframes.leaderboard import leaderboard
from mlffbench.report.formats import csv_file, html, markdown
from mlffbench.report.results import Results
from mlffbench.system.failures import KINDS


def test_a_failed_task_is_shown_beside_a_case_that_went_well(documents):
    documents[0]["task_failures"] = [
        {"task": "speed(copies=[0])", "kind": "internal error", "message": "no copies"}
    ]
    results = Results.from_documents(documents)
    frame = failures(results)
    row = frame[frame["method"] == f"{documents[0]['case']['label']}, speed(copies=[0])"].iloc[0]
    assert (row["kind"], row["message"]) == ("internal error", "no copies")
    assert "no copies" in markdown.render(results, "demo")


def test_a_piece_that_failed_names_itself(measured_documents):
    failure = {"task": "md", "test": "", "quantity": "300 K, 2", "kind": "diverged", "message": "no forces"}
    measured_documents[0]["task_failures"].append(failure)
    frame = failures(Results.from_documents(measured_documents))
    assert frame["method"].tolist() == ["soft, md: 300 K, 2"]


def test_a_skip_is_no_failure(measured_documents):
    results = Results.from_documents(measured_documents)
    assert failures(results).empty
    assert skipped(results)["reason"].tolist() == ["no reference value"] * 2


def test_a_test_group_that_failed_is_shown_beside_the_others(documents):
    documents[0]["test_failures"] = [{"test": "test_1200K", "kind": "diverged", "message": "not finite"}]
    frame = failures(Results.from_documents(documents))
    row = frame[frame["method"] == f"{documents[0]['case']['label']}, test group test_1200K"].iloc[0]
    assert (row["kind"], row["message"]) == ("diverged", "not finite")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_row_with_its_reason_and_no_measurement(kind):
    results = Results.from_documents([failed("a", kind, "the reason of it\nmore"), outcome("b")])
    (row,) = leaderboard(results).query("method == 'a'").to_dict("records")
    assert (row["status"], row["failure kind"]) == ("failed", kind)
    assert np.isnan(row["rank"])
    assert set(results.scores["method"]) == {"b"}
    page = html.render(results, lambda _: None, "x")
    for text in (markdown.render(results, "x"), page, csv_file.render(results)):
        assert kind in text
        assert "the reason of it" in text


def test_the_memory_that_ran_out_stands_beside_the_kind():
    document = failed("a")
    document["failure"]["where"] = "GPU"
    results = Results.from_documents([document, outcome("b")])
    assert list(failures(results)["kind"]) == ["out of memory (GPU)"]
    assert "**out of memory (GPU)**: 17 GiB were asked for" in markdown.render(results, "x")
    assert "failed: a (out of memory (GPU))." in markdown.render(results, "x")
