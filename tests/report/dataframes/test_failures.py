"""Failures and skips of tasks."""

from __future__ import annotations

from mlffbench.report.dataframes.failures import failures, skipped
from mlffbench.report.formats import markdown
from mlffbench.report.results import Results


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
