"""Problems and their methods."""

from __future__ import annotations

import pytest
from example_documents import failed, outcome, score, without

from mlffbench.report.grouping import group_documents


def test_warnings_of_the_data_are_doubts_each_once():
    one, two = outcome("soap"), outcome("mace")
    for document in (one, two):
        document["dataset"] = {**document["dataset"], "warnings": ["(zeros) <b>all</b> are zero"]}
    (problem,) = group_documents([one, two, outcome("acsf")])
    assert problem.doubts == ("The data: (zeros) <b>all</b> are zero",)


def gaps(*documents):
    (problem,) = group_documents(documents)
    return problem.gaps


def lacking(document, test, quantity=None):
    document["scores"] = [
        s for s in document["scores"] if s["test"] != test or quantity not in (None, s["quantity"])
    ]
    return document


@pytest.mark.parametrize("quantity", [None, "forces", "energy_per_atom"])
def test_a_group_that_a_method_left_out_is_a_gap(quantity):
    two = [outcome("soap"), lacking(outcome("gap"), "test_1200K", quantity)]
    assert gaps(*two) == {"gap": ["test_1200K"]}


def test_a_group_deleted_from_the_whole_document_is_a_gap():
    document = lacking(outcome("gap"), "test_1200K")
    document["split"]["tests"] = {k: v for k, v in document["split"]["tests"].items() if k != "test_1200K"}
    del document["timings"]["predict"]["test_1200K"]
    assert gaps(document, outcome("soap")) == {"gap": ["test_1200K"]}


def test_a_group_that_failed_or_one_seed_lacks_is_a_gap():
    documents = [outcome("soap"), outcome("gap")]
    without(documents, "gap", "test_300K")
    assert gaps(*documents) == {"gap": ["test_300K"]}
    seeds = [outcome("gap", seed=0), lacking(outcome("gap", seed=1), "test_1200K", "forces")]
    assert gaps(outcome("soap"), *seeds) == {"gap": ["test_1200K"]}


def test_a_method_without_forces_has_no_gap_nor_has_one_that_failed():
    energies = outcome("baseline")
    energies["scores"] = [s for s in energies["scores"] if s["quantity"] != "forces"]
    assert gaps(energies, outcome("soap"), failed("gap")) == {}


def test_a_group_that_nobody_could_predict_is_nobody_s_gap():
    assert gaps(lacking(outcome("a"), "test_1200K"), lacking(outcome("b"), "test_1200K")) == {}


def test_a_score_set_aside_answers_nothing():
    odd = lacking(outcome("gap"), "test_1200K", "forces")
    odd["scores"].append(score("test_1200K", 0.01, unit="kcal/mol/Å"))
    assert gaps(odd, outcome("soap")) == {"gap": ["test_1200K"]}


def test_another_metric_does_not_hide_a_gap():
    odd = lacking(outcome("gap"), "test_1200K", "forces")
    odd["scores"].append(score("test_1200K", 0.01, metric="mae"))
    assert gaps(odd, outcome("soap")) == {"gap": ["test_1200K"]}
    more = outcome("gap")
    more["scores"].append(score("test_300K", 0.01, metric="max_error"))
    assert gaps(more, outcome("soap")) == {}
