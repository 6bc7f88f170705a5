"""Results: grouped once per report, with every score in one long data frame."""

from __future__ import annotations

import copy
import sys
from contextlib import contextmanager
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from example_documents import error, failed, outcome, predictions, row
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.harness.documents.store import Store
from mlffbench.report.formats import html, terminal
from mlffbench.report.formats.write import write
from mlffbench.report.grouping import group_documents
from mlffbench.report.results import Results, number


@contextmanager
def calls_of(function):
    """A list that grows by one with every call of the function, by whatever name it is called."""
    calls = []

    def notice(frame, event, _):
        if event == "call" and frame.f_code is function.__code__:
            calls.append(frame.f_back.f_code.co_qualname)

    before = sys.getprofile()
    sys.setprofile(notice)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def test_documents_are_grouped_once_for_all_formats(documents, tmp_path):
    with calls_of(group_documents) as calls:
        results = Results.from_documents(documents)
        terminal.render(results)
        write(results, predictions, tmp_path, "suite")
    assert calls == ["Results.from_documents"]


def test_the_command_groups_documents_once(documents, tmp_path):
    store = Store(tmp_path)
    for document in documents:
        store.save(document, predictions(document["id"]))
    with calls_of(group_documents) as calls:
        result = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert {"report.html", "leaderboard.csv", "leaderboard.md"} <= {p.name for p in tmp_path.iterdir()}
    assert calls == ["Results.from_documents"]


def test_scores_are_one_long_frame(documents):
    scores = Results.from_documents(documents).scores
    assert {"quantity", "metric", "test", "value", "low", "high", "unit"} <= set(scores.columns)
    assert len(scores) == 3 * 6, "the failed method has no score"
    best = error(scores, "best", "test_300K")
    assert (best["value"], best["low"], best["high"]) == pytest.approx((20, 18, 22))
    assert (best["metric"], best["unit"], best["seeds"]) == ("rmse", "meV/Å", 1)


def test_scores_without_documents_keep_their_columns():
    empty = Results.from_documents([failed("gap")]).scores
    assert empty.empty
    assert list(empty.columns) == list(Results.from_documents([outcome("soap")]).scores.columns)


def test_results_are_frozen(documents):
    with pytest.raises(FrozenInstanceError):
        Results.from_documents(documents).problems = ()


def test_documents_are_left_alone(documents):
    before = copy.deepcopy(documents)
    results = Results.from_documents(documents)
    html.render(results, predictions, "suite")
    assert documents == before
    assert not results.scores.empty


def test_one_method_of_a_problem_is_one_row_of_every_score(documents):
    scores = Results.from_documents([*documents, outcome("best", 0.03, seed=1)]).scores
    speed = row(scores[scores["quantity"] == "prediction"], "best")
    assert (speed["value"], speed["unit"], speed["seeds"]) == (70.0, "µs/atom", 2)


def test_an_error_that_a_seed_lacks_has_no_mean():
    documents = [outcome("soap", seed=seed) for seed in range(3)]
    documents[1]["scores"] = [s for s in documents[1]["scores"] if s["test"] != "test_1200K"]
    scores = Results.from_documents(documents).scores
    assert np.isnan(error(scores, "soap", "test_1200K")["value"])
    assert error(scores, "soap", "test_300K")["value"] == pytest.approx(20)


def test_a_truth_value_or_a_text_is_no_number():
    assert np.isnan([number(True), number("1e3"), number(None)]).all()
