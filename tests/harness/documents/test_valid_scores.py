"""Scores that can be believed, and the faults of the others."""

from __future__ import annotations

import numpy as np
import pytest
from example_documents import error, outcome, score

from mlffbench.harness.documents.valid_scores import valid_scores
from mlffbench.report.dataframes.leaderboard import leaderboard
from mlffbench.report.formats import markdown
from mlffbench.report.results import Results


@pytest.mark.parametrize(
    ("odd", "fault"),
    [
        (score("test_300K", -0.5), "is negative"),
        (score("test_300K", 0.5, unit="kcal/mol/Å"), "is in 'kcal/mol/Å', not in eV/Å"),
        (score("test_300K", 0.5, unit="meV/Å"), "is in 'meV/Å', not in eV/Å"),
        ({**score("test_300K", 0.5), "value": True}, "is True, not a number"),
        ({**score("test_300K", 0.5), "value": "0.5"}, "is '0.5', not a number"),
    ],
)
def test_an_error_that_cannot_be_is_set_aside_and_said(odd, fault):
    document = outcome("soap")
    document["scores"] = [odd, *document["scores"][1:]]
    valid, faults = valid_scores(document)
    assert faults == [f"forces rmse on test_300K {fault}"]
    assert len(valid) == len(document["scores"]) - 1
    results = Results.from_documents([document, outcome("morse", 0.9)])
    assert f"soap: scores were set aside: forces rmse on test_300K {fault}." in results.problems[0].doubts
    assert "scores were set aside" in markdown.render(results, "suite")
    ranks = leaderboard(results).set_index("method")["rank"]
    assert np.isnan(ranks["soap"])
    assert ranks["morse"] == 1


def test_of_two_values_of_one_number_neither_counts():
    document = outcome("soap")
    document["scores"] += [score("test_300K", 0.001), score("test_300K", 0.001)]
    valid, faults = valid_scores(document)
    assert faults == ["forces rmse on test_300K has two values"]
    assert not [s for s in valid if (s["test"], s["quantity"]) == ("test_300K", "forces")]


def test_a_number_that_stands_twice_counts_once():
    document = outcome("soap")
    document["scores"] += document["scores"]
    assert valid_scores(document) == valid_scores(outcome("soap"))
    scores = Results.from_documents([document]).scores
    assert error(scores, "soap", "test_300K")["seeds"] == 1


def test_scores_of_a_group_that_failed_are_set_aside():
    document = outcome(
        "soap", test_failures=[{"test": "test_1200K", "kind": "internal error", "message": ""}]
    )
    valid, faults = valid_scores(document)
    assert "test_1200K" not in {s["test"] for s in valid}
    assert faults[0] == "forces rmse on test_1200K is of a group that failed"


def test_numbers_of_tasks_keep_their_sign_and_unit():
    own = {**score("diamond", -3.0, "C11", "GPa"), "task": "properties"}
    missing = {**score("test_300K", 1.0, "stress", "eV/Å³"), "value": None}
    assert valid_scores(outcome("soap", scores=[own, missing])) == ([own, missing], [])
