"""Frames of test groups."""

from __future__ import annotations

import pytest
from ase.io import write

from mlffbench import registry
from mlffbench.harness.budget import training_part
from mlffbench.report.structures import _data as structures_cache
from mlffbench.report.structures import frames_of as structures_of


def frames_of(document, group, numbers):
    return structures_of([{**document, "id": "a"}])("a", group, numbers)


@pytest.fixture
def document():
    spec = {"name": "lennard_jones", "params": {"n_train": 4, "n_test": 3}}
    dataset = registry.load("datasets", "lennard_jones")(n_train=4, n_test=3)
    split = registry.load("splits", "official")(dataset, seed=0)
    case = {"dataset": spec, "split": {"name": "official", "params": {}}, "seed": 0}
    digests = {"dataset": {"digest": dataset.digest}, "split": {"digest": split.digest}}
    return {"case": case, **digests}, dataset, split


def test_frames_are_those_of_the_split(document):
    document, dataset, split = document
    (frame,) = frames_of(document, "test_hot", [2])
    assert frame == dataset.frames[int(split.tests["test_hot"][2])]


def test_frames_of_a_case_with_a_budget_of_labels(document):
    document, dataset, split = document
    part = training_part(split, 2, 0)
    assert part.digest != split.digest
    budget = {**document["case"], "budget": {"labels": 2}}
    limited = {**document, "case": budget, "split": {"digest": part.digest}}
    (frame,) = frames_of(limited, "test_hot", [1])
    assert frame == dataset.frames[int(split.tests["test_hot"][1])]


def test_no_frames_of_another_split_an_unknown_group_or_files_that_a_document_names(document):
    document, *_ = document
    assert frames_of(document, "cold", [0]) is None
    for part in ("dataset", "split"):
        assert frames_of({**document, part: {"digest": "0"}}, "test_hot", [0]) is None
    for name in ("path", "os.path:join", "nothing"):
        other = {**document["case"], "dataset": {"name": name, "params": {"path": "/etc/passwd"}}}
        assert frames_of({**document, "case": other}, "test_hot", [0]) is None


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A document of a user's own file in the present folder, and its dataset and split."""
    monkeypatch.chdir(tmp_path)
    dataset = registry.load("datasets", "lennard_jones")(n_train=9, n_test=3)
    write("own.extxyz", dataset.to_atoms())
    dataset = registry.load("datasets", "path")("own.extxyz")
    split = registry.load("splits", "random")(dataset, seed=0)
    spec = {"name": "path", "params": {"path": "own.extxyz"}}
    case = {"dataset": spec, "split": {"name": "random", "params": {}}, "seed": 0}
    digests = {"dataset": {"digest": dataset.digest}, "split": {"digest": split.digest}}
    return {"id": "a", "case": case, **digests}, dataset, split


def test_frames_of_own_files_that_the_caller_names(own, tmp_path):
    document, dataset, split = own
    group, numbers = next((name, part) for name, part in split.tests.items())
    for named in ("own.extxyz", "./own.extxyz", str(tmp_path / "own.extxyz")):
        (frame,) = structures_of([document], [named])("a", group, [0])
        assert frame == dataset.frames[int(numbers[0])]
    for named in ([], ["other.extxyz"], [str(tmp_path)]):
        assert structures_of([document], named)("a", group, [0]) is None


def test_no_frames_of_a_document_that_names_another_file_too_or_runs_code(own):
    document, _, split = own
    group = next(iter(split.tests))
    for more in ({"tests": {"far": "/etc/passwd"}}, {"isolated_atoms": "/etc/passwd"}, {"truth": "emt"}):
        params = {"path": "own.extxyz", **more}
        other = {**document["case"], "dataset": {"name": "path", "params": params}}
        assert structures_of([{**document, "case": other}], ["own.extxyz"])("a", group, [0]) is None


def test_no_frames_of_an_own_file_that_has_changed(own):
    document, dataset, split = own
    frames = dataset.to_atoms()
    frames[0].positions[0, 0] += 0.1
    write("own.extxyz", frames)
    structures_cache.cache_clear()
    group = next(iter(split.tests))
    assert structures_of([document], ["own.extxyz"])("a", group, [0]) is None
