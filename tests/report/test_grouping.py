"""Outcome documents grouped by problem and method."""

from __future__ import annotations

from example_documents import error, outcome

from mlffbench.report.dataframes.scores import group_errors
from mlffbench.report.grouping import group_documents
from mlffbench.report.results import Results


def test_newest_document_of_a_seed_counts():
    old, new = outcome("soap", 0.5), outcome("soap", 0.1)
    new["provenance"]["date"] = "2026-12-01T00:00:00+00:00"
    results = Results.from_documents([new, old])
    (problem,) = results.problems
    assert "2 documents for 1 seed" in problem.doubts[0]
    assert error(group_errors(results), "soap", "test_300K")["value"] == 100


def test_one_label_with_two_parameter_sets_is_two_rows():
    (problem,) = group_documents([outcome("mace", 0.02, params={"channels": 64}), outcome("mace", 0.03)])
    assert {method.label for method in problem.methods} == {
        "mace (channels=64)",
        "mace (channels by default)",
    }


def test_ones_own_files_are_named_shortly_and_told_apart():
    one, two, other = outcome("a"), outcome("b"), outcome("a")
    for document, path in ((one, "x/data/train.xyz"), (two, "y/data/train.xyz"), (other, "z/set/all.xyz")):
        document["case"]["dataset"] = {"name": "path", "params": {"path": path, "level": "PBE"}}
    split = "official(train='train_300K')"
    assert [p.name for p in group_documents([one, other])] == [
        f"data/train.xyz · {split}",
        f"set/all.xyz · {split}",
    ]
    assert len({p.name for p in group_documents([one, two])}) == 2


def test_the_newest_is_the_newest_in_any_time_zone():
    old, new = outcome("soap", 0.5), outcome("soap", 0.1)
    old["provenance"]["date"] = "2026-11-23T02:00:00+05:00"
    new["provenance"]["date"] = "2026-11-23T01:00:00+00:00"
    results = Results.from_documents([new, old])
    assert error(group_errors(results), "soap", "test_300K")["value"] == 100


def renamed(document, name, **params):
    document["case"]["estimator"] = {"name": name, "params": params}
    return document


def test_one_label_of_two_estimators_is_two_rows_with_any_seeds():
    for seed in (0, 1):
        documents = [outcome("row", 0.02), renamed(outcome("row", 0.9, seed=seed), "other")]
        (problem,) = group_documents(documents)
        assert [m.label for m in problem.methods] == ["row (row)", "row (other)"]
        assert [len(m.done) for m in problem.methods] == [1, 1]


def test_a_keyword_that_is_none_is_not_one_left_out():
    (problem,) = group_documents([outcome("mace", params={"k": None}), outcome("mace", params={})])
    assert [m.label for m in problem.methods] == ["mace (k=None)", "mace (k by default)"]


def test_a_label_that_looks_like_another_row_is_a_row_of_its_own():
    plain = [outcome("soap", params={"k": 1}), outcome("soap", params={"k": 2})]
    (problem,) = group_documents([*plain, renamed(outcome("soap (k=1)"), "gap")])
    assert len(problem.methods) == 3
    assert len({m.label for m in problem.methods}) == 3


def test_a_document_that_says_ok_and_names_a_failure_has_failed():
    failure = {"kind": "diverged", "message": "all is lost", "traceback": ""}
    (problem,) = group_documents([outcome("soap", failure=failure)])
    (method,) = problem.methods
    assert not method.done
    assert len(method.failed) == 1
