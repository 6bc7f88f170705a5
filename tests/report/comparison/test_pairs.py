"""Which rows of two sides are compared, and which are not, with the reason."""

from __future__ import annotations

from example_documents import failed, outcome

from mlffbench.report.comparison.pairs import Side, pair_rows
from mlffbench.report.results import Results

PROBLEM = "malonaldehyde · official(train='train_300K')"


def side(*documents, method=None):
    return Side("x", Results.from_documents(documents), method)


def seeds(pair):
    return [[d["case"]["seed"] for d in row.done] for row in (pair.a, pair.b)]


def test_rows_of_one_label_are_pairs_of_the_common_seeds():
    a = side(outcome("mace"), outcome("mace", seed=1), outcome("old"))
    b = side(outcome("mace", seed=1), outcome("mace", seed=2), outcome("new"))
    pairs = pair_rows(a, b)
    (pair,) = pairs.pairs
    assert (pair.label, seeds(pair)) == ("mace", [[1], [1]])
    assert pairs.only_a == [f"mace on {PROBLEM}, seed 0", f"old on {PROBLEM}"]
    assert pairs.only_b == [f"mace on {PROBLEM}, seed 2", f"new on {PROBLEM}"]


def test_two_methods_are_one_pair():
    documents = (outcome("mace"), outcome("soap"), outcome("morse"))
    (pair,) = pair_rows(side(*documents, method="mace"), side(*documents, method="soap")).pairs
    assert (pair.label, pair.a.label, pair.b.label) == ("mace → soap", "mace", "soap")


def test_failures_are_named_where_the_other_side_has_finished():
    pairs = pair_rows(side(outcome("mace"), failed("gap")), side(failed("mace"), failed("gap")))
    assert pairs.failed_b == {f"mace on {PROBLEM}, seed 0": "out of memory: 17 GiB were asked for"}
    assert [pairs.pairs, pairs.failed_a, pairs.only_a, pairs.only_b] == [[], {}, [], []]


def test_other_data_and_other_splits_are_refused():
    for part in ("dataset", "split"):
        other = outcome("mace")
        other[part] = {**other[part], "digest": "another"}
        pairs = pair_rows(side(outcome("mace"), outcome("soap")), side(other, outcome("soap")))
        assert [pair.label for pair in pairs.pairs] == ["soap"]
        noun = {"dataset": "data", "split": "split"}[part]
        (reason,) = pairs.refused.values()
        assert reason.startswith(f"the {noun} of seed 0 differ")


def test_a_file_that_lies_elsewhere_on_another_machine_is_the_same_problem():
    def at(path, label, digest="d0"):
        document = outcome(label)
        document["case"] = {**document["case"], "dataset": {"name": "file", "params": {"path": path}}}
        document["dataset"] = {**document["dataset"], "digest": digest}
        return document

    assert pair_rows(side(at("/home/a/cu.xyz", "mace")), side(at("/data/cu.xyz", "mace"))).pairs
    others = pair_rows(side(at("/home/a/cu.xyz", "mace")), side(at("/data/ni.xyz", "mace", "d1")))
    assert others.pairs == []
    assert len(others.only_a) == len(others.only_b) == 1
