"""Comparison of the methods of a report over its problems."""

from __future__ import annotations

import pytest
from example_documents import outcome, without
from example_over_problems import on, on_problems

from mlffbench.report.results import Results
from mlffbench.report.verdict.over_problems import over_problems

ERRORS = {
    "first": [0.01, 0.01, 0.01, 0.01, 0.03, 0.01],
    "second": [0.02, 0.02, 0.02, 0.02, 0.02, 0.02],
    "third": [0.05, 0.05, 0.05, 0.05, 0.05, 0.05],
    "last": [0.09, 0.09, 0.09, 0.09, 0.09, 0.09],
}


def compared(documents):
    return over_problems(Results.from_documents(documents))


def test_mean_ranks_are_those_of_the_errors_that_rank():
    found = compared(on_problems(ERRORS))
    assert found.ranking.methods == ("first", "second", "third", "last")
    assert found.ranking.mean_ranks == pytest.approx([7 / 6, 11 / 6, 3, 4])
    assert found.ranking.bounds[0] == pytest.approx([1, 1.5951], abs=1e-4)  # t(5) = 2.5706, s = 0.40825
    assert found.metrics == ("in-domain error", "energy error", "worst group")
    assert found.sentence == (
        "First over 6 problems: first, mean rank 1.17 [1, 1.60]. Not told apart from it: second, third "
        "(Nemenyi's critical difference 1.91; Friedman's test of all: p = 0.000707)."
    )  # χ² = 3.6 · (1.7778 + 0.4444 + 0.25 + 2.25) = 17


def test_a_method_that_lacks_a_problem_is_named_and_changes_no_rank():
    alone = compared(on_problems(ERRORS))
    found = compared(on_problems({**ERRORS, "part": [0.001, 0.001, None, 0.001, 0.001, 0.001]}))
    assert found.ranking.mean_ranks.tolist() == alone.ranking.mean_ranks.tolist()
    assert found.ranking.n_problems == 6
    assert [*found.ranking.missing] == ["part"]
    assert (
        "Without a mean rank, as errors are missing: part (data2 · official(train='train_300K'))."
        in found.sentence
    )


def test_a_method_without_a_test_group_has_no_rank_there():
    documents = on_problems(ERRORS)
    without(documents[:1], "first", "test_1200K")
    found = compared(documents)
    assert found.ranking.missing["first"] == (found.problems[0],)


def test_two_problems_have_mean_ranks_and_no_test():
    found = compared(on_problems({name: own[:2] for name, own in ERRORS.items()}))
    assert found.ranking.mean_ranks.tolist() == [1, 2, 3, 4]
    assert found.sentence == (
        "First over 2 problems: first, mean rank 1.00. 2 problems, fewer than 5: no test over problems and "
        "no interval."
    )


def test_words_where_there_is_nothing_to_compare():
    assert compared([outcome("a"), outcome("b")]).sentence.startswith("One problem: there are no ranks")
    nobody = compared([on("x", outcome("a")), on("y", outcome("b"))])
    assert nobody.sentence.startswith("No method has an error on every problem.")
    assert "a (y · official(train='train_300K'))" in nobody.sentence


def test_tuned_methods_are_not_among_the_others():
    tuned = [on(f"data{i}", outcome("search", 0.001)) for i in range(6)]
    for document in tuned:
        document["case"]["estimator"] = {"name": "tuned", "params": {"model": "mace"}}
    assert "search" not in compared([*on_problems(ERRORS), *tuned]).methods
    assert compared(tuned).methods == ("search",)
