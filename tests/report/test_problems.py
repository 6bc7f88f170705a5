"""Outcome documents grouped by problem and method."""

from __future__ import annotations

from example_documents import error, outcome

from mlffbench.report.dataframes.scores import group_errors
from mlffbench.report.formats import markdown
from mlffbench.report.problems import group_documents, in_reading_order, series
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


def test_other_frames_are_doubted():
    other = outcome("mace")
    other["split"] = {**other["split"], "digest": "another"}
    results = Results.from_documents([outcome("soap"), other])
    (problem,) = results.problems
    assert "split differs" in problem.doubts[0]
    assert "split differs" in markdown.render(results, "suite")


def test_warnings_of_the_data_are_doubts_each_once():
    one, two = outcome("soap"), outcome("mace")
    for document in (one, two):
        document["dataset"] = {**document["dataset"], "warnings": ["(zeros) <b>all</b> are zero"]}
    (problem,) = group_documents([one, two, outcome("acsf")])
    assert problem.doubts == ("The data: (zeros) <b>all</b> are zero",)


def test_groups_in_reading_order():
    names = ["dihedral", "test_1200K", "test_600K", "test_300K"]
    assert series(names) == ["test_300K", "test_600K", "test_1200K"]
    assert in_reading_order(names, "test_600K") == ["test_600K", "test_300K", "test_1200K", "dihedral"]


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
