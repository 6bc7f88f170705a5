"""Comparison of the methods of a report over its problems."""

from __future__ import annotations

import pytest
from example_documents import outcome, without
from example_over_problems import on, on_problems

from mlffbench.report.results import Results
from mlffbench.report.verdict.over_problems import dataset_numbers, over_problems

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
        "First over 6 problems, each on a dataset of its own: first, mean rank 1.17 [1, 1.60]. Not told "
        "apart from it: second, third (Friedman's test of all: p = 0.000707; Nemenyi's critical difference "
        "1.91)."
    )  # χ² = 3.6 · (1.7778 + 0.4444 + 0.25 + 2.25) = 17


def test_a_method_that_lacks_a_problem_is_named_and_changes_no_rank():
    alone = compared(on_problems(ERRORS))
    found = compared(on_problems({**ERRORS, "part": [0.001, 0.001, None, 0.001, 0.001, 0.001]}))
    assert found.ranking.mean_ranks.tolist() == alone.ranking.mean_ranks.tolist()
    assert found.ranking.n_datasets == 6
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
        "First over 2 problems, each on a dataset of its own: first, mean rank 1.00. 2 datasets, fewer than "
        "5: no test over datasets and no interval."
    )


def test_sizes_of_a_learning_curve_are_one_dataset():
    """Ranks of a 1, 1, 2 on silicon and 2 on copper: (4/3 + 2)/2; of b (5/3 + 1)/2."""
    problems = [("silicon", 10), ("silicon", 30), ("silicon", 100), ("copper", 10)]
    errors = {"a": [0.01, 0.01, 0.02, 0.02], "b": [0.02, 0.02, 0.01, 0.01]}
    found = compared(
        on(name, outcome(label, error), split=size)
        for label, own in errors.items()
        for (name, size), error in zip(problems, own, strict=True)
    )
    assert dict(zip(found.ranking.methods, found.ranking.mean_ranks, strict=True)) == pytest.approx(
        {"b": 4 / 3, "a": 5 / 3}
    )
    assert found.sentence == (
        "First over 4 problems on 2 datasets (ranks on the same data are averaged, a dataset counts once): "
        "b, mean rank 1.33. 2 datasets, fewer than 5: no test over datasets and no interval."
    )


def test_many_problems_on_one_dataset_make_no_test():
    sizes = [on("silicon", outcome(label, 0.1), split=n) for n in range(1, 12) for label in "abc"]
    found = compared(sizes)
    assert (len(found.problems), found.ranking.n_datasets) == (11, 1)
    assert "11 problems on one dataset (" in found.sentence
    assert found.sentence.endswith("One dataset, fewer than 5: no test over datasets and no interval.")


def test_problems_on_the_same_data():
    """By name and parameters or by digest; parameters that select frames do not make other data."""
    documents = [
        on("rmd17", outcome("a"), molecule="ethanol"),
        on("rmd17", outcome("a"), molecule="aspirin"),
        on("rmd17", outcome("a"), molecule="ethanol", fold=2),
        on("path", outcome("a"), "digest of Si", path="mine.xyz"),
        on("mlearn", outcome("a"), "digest of Si", element="Si"),
        on("mlearn", outcome("a"), element="Ge"),
        on("path", outcome("a"), path="mine.xyz", train="first"),
    ]
    assert dataset_numbers(Results.from_documents(documents).problems) == [0, 1, 0, 3, 3, 5, 3]


def test_data_that_a_third_problem_joins_are_one():
    documents = [
        on("x", outcome("a"), "1"), on("y", outcome("a"), "2"), on("y", outcome("a"), "1", split=5),
    ]  # fmt: skip
    assert dataset_numbers(Results.from_documents(documents).problems) == [0, 0, 0]


@pytest.mark.parametrize(
    ("n", "verdict"),
    [
        (5, "Not told apart from it: b (Wilcoxon's test: p = 0.0625)."),
        (6, "Told apart from b (Wilcoxon's test: p = 0.0312)."),
    ],
)
def test_two_methods_are_told_apart_by_the_test_that_is_named(n, verdict):
    found = compared(on_problems({"a": [0.01] * n, "b": [0.02] * n}))  # p = 2/2ⁿ
    assert found.sentence.endswith(verdict)


def test_no_pair_is_tested_where_the_methods_do_not_differ():
    """Mean ranks 1.4, 2.4, 2.6, 3.6 on 5 datasets: χ² = 7.32, p = 0.0624, with a difference of 2.2 > 2.10."""
    ranks = [[1, 2, 3, 4], [1, 2, 3, 4], [1, 3, 2, 4], [2, 1, 4, 3], [2, 4, 1, 3]]
    errors = {label: [0.01 * row[i] for row in ranks] for i, label in enumerate("abcd")}
    sentence = compared(on_problems(errors)).sentence
    assert "Not told apart from it: b, c, d (Friedman's test of all: p = 0.0624; so no pair is" in sentence


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
