"""Errors on test groups, and the scores of tasks."""

from __future__ import annotations

from mlffbench.report.dataframes.scores import group_errors, task_scores
from mlffbench.report.formats import markdown
from mlffbench.report.results import Results


def test_no_in_domain_group_no_ratios(documents):
    for document in documents:
        if document["split"]:
            document["split"] = {**document["split"], "in_domain": None}
    results = Results.from_documents(documents)
    assert group_errors(results)["ratio"].isna().all()
    assert "×" not in markdown.render(results, "suite").split("## How to read")[0]


def test_task_scores_keep_their_unit(documents):
    results = Results.from_documents(documents)
    scores = task_scores(results)
    assert set(scores["unit"]) == {"µs/atom"}
    assert set(scores["value"]) == {70.0}
    assert "speed 8 copies" in markdown.render(results, "suite")
