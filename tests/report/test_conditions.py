"""Rows that were computed with other versions, on other machines, or beside other work."""

from __future__ import annotations

import pytest
from example_documents import outcome

from mlffbench.report.conditions import other_loads, timed_apart
from mlffbench.report.formats import markdown
from mlffbench.report.grouping import group_documents
from mlffbench.report.results import Results


def doubts(*documents):
    (problem,) = group_documents(documents)
    return " ".join(problem.doubts)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"provenance": {"packages": {"mlffbench": "2"}}}, "mlffbench 0.1 for soap, 2 for mace"),
        ({"provenance": {"packages": {"numpy": "1.26"}}}, "numpy 2.4 for soap, 1.26 for mace"),
        ({"provenance": {"packages": {"torch": "2.0"}}}, "torch 2.13.0 for soap, 2.0 for mace"),
        ({"provenance": {"python": "3.12.1"}}, "Python 3.11 for soap, 3.12 for mace"),
        ({"model": {"device": "cuda"}}, "device cpu for soap, cuda for mace"),
        ({"provenance": {"machine": {"cpu": "Xeon"}}}, "machine EPYC for soap, Xeon for mace"),
        ({"provenance": {"machine": {"omp_num_threads": "2"}}}, "threads 1 for soap, 2 for mace"),
        ({"provenance": {"numerics": {"torch_threads": 8}}}, "threads 1 for soap, 8 for mace"),
        ({"provenance": {"accelerator": {"name": "H100"}}}, "accelerator A100 for soap, H100 for mace"),
        ({"provenance": {"load_average": 7.5}}, "load 0.5 to 7.5 on 2 cores"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("seed", [0, 1])
def test_rows_that_were_not_computed_alike_are_doubted(changes, words, seed):
    machine = {"cpu": "EPYC", "usable_cores": 2, "omp_num_threads": "1"}
    packages = {"torch": "2.13.0", "numpy": "2.4", "mlffbench": "0.1"}
    origin = {"machine": machine, "packages": packages, "python": "3.11.7", "load_average": 0.5}
    origin["accelerator"] = {"name": "A100"}
    soap, mace = (outcome(x, provenance=origin) for x in ("soap", "mace"))
    assert doubts(soap, mace) == ""
    for key, value in changes.items():
        old = mace[key]
        mace[key] = {**old, **value} if isinstance(old, dict) else value
    mace["case"]["seed"] = seed
    assert words in doubts(soap, mace)
    assert "**Careful:**" in markdown.render(Results.from_documents([soap, mace]), "suite")


def test_a_package_that_one_did_not_have_is_no_other_version():
    other = outcome("mace")
    other["provenance"]["packages"] = {"torch": None, "numpy": "2.4"}
    assert doubts(outcome("soap"), other) == ""


def test_a_method_computed_in_two_precisions_is_doubted():
    other = outcome("soap", seed=1)
    other["model"]["dtype"] = "float64"
    assert "soap was computed in float32 and float64" in doubts(outcome("soap"), other)


def test_the_precision_of_methods_stands_beside_the_ranks():
    other = outcome("gap", 0.03)
    other["model"]["dtype"] = "float64"
    results = Results.from_documents([outcome("soap"), other, outcome("mace", 0.04)])
    assert "Computed in float64: gap; all others in float32." in markdown.render(results, "suite")
    assert results.problems[0].doubts == ()


def test_a_sentence_names_few_of_many_methods():
    many = [outcome(f"m{i}") for i in range(9)]
    many[4]["model"]["device"] = "cuda"
    assert "device cuda for m4, cpu for m0, m1, m2 and 5 more" in doubts(*many)


def loaded(*loads, beside=()):
    """A problem of methods a, b, c ... on 2 cores under these loads, some fitted `beside` other cases."""
    documents = []
    for label, load in zip("abcdefgh", loads, strict=False):
        document = outcome(label)
        document["provenance"] |= {"machine": {"cpu": "EPYC", "usable_cores": 2}, "load_average": load}
        document["timings"]["fit"]["alone"] = label not in beside
        documents.append(document)
    (problem,) = group_documents(documents)
    return problem


@pytest.mark.parametrize(
    ("loads", "apart"),
    [
        ((1.0, 2.9, 3.0), ""),  # 2 cores apart at most
        ((1.0, 1.2, 3.3), "c"),  # busier
        ((1.0, 9.0, 9.5), "a"),  # freer: its times flatter
        ((2.1, 2.1, 6.1, 10.3, 10.4, 11.8), "abc"),  # most, three of six, lie around 10.4
        ((8.0, 9.6, 9.9, 9.9, 10.1), ""),  # around 9.9, not 8
        ((1.0, 9.0), "b"),  # as many on both sides: the freer machine counts
        ((None, 1.0, 9.0), "c"),  # not known is no difference
    ],
)
def test_times_under_another_load_stand_apart(loads, apart):
    problem = loaded(*loads)
    assert timed_apart(problem) == set(apart) == set(other_loads(problem))


def test_the_usual_load_is_that_of_methods_that_are_alike_otherwise():
    """Three ran beside other cases, under little load: those that did not are compared with each other."""
    problem = loaded(3.0, 3.1, 3.2, 15.0, 15.5, 20.0, beside="abc")
    assert timed_apart(problem) == set("abcf")
    assert other_loads(problem)["f"] == "load 20 on 2 cores, 15 for most"


def test_where_no_fit_had_its_device_for_itself_no_times_are_alike():
    assert timed_apart(loaded(3.0, 3.1, 9.0, beside="abc")) == set("abc")
