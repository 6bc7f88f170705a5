"""What is worse on one side, and what is left when nothing can be compared."""

from __future__ import annotations

import pytest
from example_clusters import clustered
from example_documents import failed, outcome, score

from mlffbench.report.comparison.comparison import compare_sides
from mlffbench.report.comparison.pairs import Side
from mlffbench.report.results import Results


def side(name, *documents):
    return Side(name, Results.from_documents(documents))


def test_worse_is_what_is_significant_and_beyond_the_limit():
    a = side("a", clustered("mace", 0.10), clustered("soap", 0.10, own=0.1))
    b = side("b", clustered("mace", 0.12, own=0.1), clustered("soap", 0.09, own=0.2))
    comparison = compare_sides(a, b)
    on_300k = [text for text in comparison.worse(0.05) if "test_300K" in text]
    (sentence,) = on_300k
    assert sentence.startswith("mace on malonaldehyde")
    assert "forces rmse on test_300K" in sentence
    assert comparison.worse(0.5) == []
    assert not [text for text in compare_sides(b, b).worse(0.0)]


def test_a_failed_a_missing_and_another_case_are_worse():
    other = outcome("schnet")
    other["split"] = {**other["split"], "digest": "another"}
    a = side("a", outcome("mace"), outcome("soap"), outcome("gap"), outcome("schnet"))
    worse = compare_sides(a, side("b", outcome("mace"), failed("gap"), other)).worse(0.05)
    assert [text.partition(" on ")[0] for text in worse] == ["gap", "soap", "schnet"]
    assert "failed: out of memory" in worse[0]
    assert worse[1].endswith("is missing")
    assert "the split of seed 0 differ" in worse[2]


def test_a_number_that_is_not_finite_is_worse_at_any_limit():
    """Of an error, and of a number of a task without an interval."""
    number = {**score("300 K", 0.1, "radial_distribution", "", None, "wasserstein"), "task": "md"}
    documents = [
        {**document, "scores": [*document["scores"], {**number, "value": value}]}
        for document, value in ((outcome("mace"), 0.1), (outcome("mace", float("inf")), float("nan")))
    ]
    worse = compare_sides(side("a", documents[0]), side("b", documents[1])).worse(10.0)
    assert worse[-1].endswith("md radial_distribution wasserstein on 300 K 0.1 → nan (b is not finite)")
    assert worse[0].endswith("forces rmse on test_300K 20 → inf meV/Å (b is not finite)")


def test_circumstances_that_changed_are_named():
    new = outcome("mace", params={"r_max": 6.0})
    packages = {"torch": "2.14.0", "numpy": "2.4"}
    new["provenance"] = {**new["provenance"], "revision": "def456", "packages": packages}
    comparison = compare_sides(side("a", outcome("mace")), side("b", new))
    assert comparison.circumstances == [
        ("revision", "abc123", "def456"),
        ("torch", "2.13.0", "2.14.0"),
        ("mace: r_max", "default", "6.0"),
    ]


def test_times_are_compared_on_one_machine_only():
    new = outcome("mace")
    new["provenance"] = {**new["provenance"], "machine": {"cpu": "Xeon", "cores": 2}}
    assert compare_sides(side("a", outcome("mace")), side("b", outcome("mace"))).times["comparable"].all()
    assert not compare_sides(side("a", outcome("mace")), side("b", new)).times["comparable"].any()


def test_sides_without_a_common_row_are_refused_with_what_they_have():
    with pytest.raises(ValueError, match=r"^a and b have no row in common: a has mace on .*; b has soap on"):
        compare_sides(side("a", outcome("mace")), side("b", outcome("soap")))
    other = outcome("mace")
    other["dataset"] = {**other["dataset"], "digest": "another"}
    with pytest.raises(ValueError, match=r"the frames are not the same: mace on .*digests d0 and another"):
        compare_sides(side("a", outcome("mace")), side("b", other))
