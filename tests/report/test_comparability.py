"""Marks of rows that are not like most others."""

from __future__ import annotations

import pytest
from example_documents import outcome

from mlffbench.report.comparability import marks, other_frames
from mlffbench.report.grouping import group_documents

MACHINE = {"cpu": "EPYC", "usable_cores": 2, "omp_num_threads": "1"}


def alike(label, seed=0):
    document = outcome(label, seed=seed)
    origin = {**document["provenance"], "machine": MACHINE, "load_average": 1.0}
    return {**document, "provenance": origin}


def marked(odd, *others):
    (problem,) = group_documents([odd, *(others or map(alike, ("b", "c", "d")))])
    return marks(problem)


def test_rows_alike_have_no_marks():
    assert marked(alike("a")) == {label: {} for label in "abcd"}


@pytest.mark.parametrize(
    ("kind", "words", "changes"),
    [
        ("frames", "other frames (seed 0)", {"split": {"digest": "another"}}),
        ("frames", "other frames (seed 0)", {"dataset": {"digest": "d1"}}),
        ("budget", "60 s of fit", {"case": {"budget": {"fit_seconds": 60}}}),
        ("hardware", "device cuda", {"model": {"device": "cuda"}}),
        ("hardware", "machine Xeon", {"provenance": {"machine": {**MACHINE, "cpu": "Xeon"}}}),
        ("threads", "threads 8", {"provenance": {"machine": {**MACHINE, "omp_num_threads": "8"}}}),
        ("revision", "revision 0123456", {"provenance": {"revision": "0123456789"}}),
        ("load", "load 9 on 2 cores, 1 for most", {"provenance": {"load_average": 9.0}}),
        ("load", "beside other cases", {"timings": {"fit": {"seconds": 1.0, "alone": False}}}),
    ],
)
def test_what_is_not_alike(kind, words, changes):
    odd = alike("a")
    for part, values in changes.items():
        odd[part] = {**odd[part], **values}
    found = marked(odd)
    assert found.pop("a") == {kind: words}
    assert not any(found.values())


def test_other_numbers_of_seeds():
    found = marked(alike("a"), alike("a", 1), alike("b"), alike("c"))
    assert found["a"] == {"seeds": "2 seed(s)"}


def test_groups_left_out_cost_the_rank():
    odd = alike("a")
    odd["scores"] = [score for score in odd["scores"] if score["test"] != "test_1200K"]
    (problem,) = group_documents([odd, alike("b"), alike("c")])
    assert other_frames(problem) == {"a"}
    assert marks(problem)["a"]["frames"] == "without test_1200K"
