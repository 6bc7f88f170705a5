"""Frames of test groups."""

from __future__ import annotations

import pytest

from mlffbench import registry
from mlffbench.harness.budget import training_part
from mlffbench.report.structures import test_frames as frames_of


@pytest.fixture
def document():
    spec = {"name": "lennard_jones", "params": {"n_train": 4, "n_test": 3}}
    dataset = registry.load("datasets", "lennard_jones")(n_train=4, n_test=3)
    split = registry.load("splits", "official")(dataset, seed=0)
    case = {"dataset": spec, "split": {"name": "official", "params": {}}, "seed": 0}
    return {"case": case, "split": {"digest": split.digest}}, dataset, split


def test_frames_are_those_of_the_split(document):
    document, dataset, split = document
    (frame,) = frames_of(document, "test_hot", [2])
    assert frame == dataset.frames[int(split.tests["test_hot"][2])]


def test_frames_of_a_case_with_a_budget_of_labels(document):
    document, dataset, split = document
    part = training_part(split, 2, 0)
    assert part.digest != split.digest
    limited = {"case": {**document["case"], "budget": {"labels": 2}}, "split": {"digest": part.digest}}
    (frame,) = frames_of(limited, "test_hot", [1])
    assert frame == dataset.frames[int(split.tests["test_hot"][1])]


def test_no_frames_of_another_split_an_unknown_group_or_files_that_a_document_names(document):
    document, *_ = document
    assert frames_of(document, "cold", [0]) is None
    assert frames_of({**document, "split": {"digest": "0"}}, "test_hot", [0]) is None
    for name in ("path", "os.path:join", "nothing"):
        other = {**document["case"], "dataset": {"name": name, "params": {"path": "/etc/passwd"}}}
        assert frames_of({**document, "case": other}, "test_hot", [0]) is None
