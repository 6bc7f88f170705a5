"""Merging of results folders by copying."""

from __future__ import annotations

import json

import numpy as np
import pytest
from example_documents import failed, outcome, predictions

from mlffbench.harness.documents.merge import merge_folders
from mlffbench.harness.documents.store import Store


@pytest.fixture
def laptop(tmp_path):
    store = Store(tmp_path / "laptop")
    document = outcome("mace")
    document["split"] = {**document["split"], "tests": dict.fromkeys(document["split"]["tests"], 2)}
    store.folder.mkdir()
    (tmp_path / "fitted.mlff").write_bytes(b"a model")
    store.save(document, predictions("mace"), tmp_path / "fitted.mlff")
    store.save(failed("gap"))
    return store


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_documents_are_copied_with_their_predictions_and_models(laptop, tmp_path):
    merged = merge_folders([laptop], Store(tmp_path / "all"))
    assert sorted(merged.copied) == ["gap-0", "mace-0"]
    assert not merged.conflicts
    assert not merged.incomplete
    target = Store(tmp_path / "all")
    assert np.array_equal(
        target.predictions("mace-0")["test_300K/n_atoms"], laptop.predictions("mace-0")["test_300K/n_atoms"]
    )
    assert target.kept_model("mace-0").read_bytes() == b"a model"
    assert target.load("mace-0") == laptop.load("mace-0")
    again = merge_folders([laptop], Store(tmp_path / "all"))
    assert sorted(again.same) == ["gap-0", "mace-0"]
    assert not again.copied


def test_a_conflict_is_named_and_nothing_is_overwritten(laptop, tmp_path):
    target = Store(tmp_path / "all")
    other = outcome("mace", 0.05)
    other["provenance"] = {**other["provenance"], "date": "2027-01-01"}
    target.save(other)
    (target.folder / "gap-0.json").write_text("{damaged")
    before = files(target.folder)
    merged = merge_folders([laptop], target)
    assert "there computed on" not in merged.conflicts["mace-0"]
    assert "there on 2027-01-01" in merged.conflicts["mace-0"]
    assert "cannot be used" in merged.conflicts["gap-0"]
    assert files(target.folder) == before


def test_a_dry_run_copies_nothing(laptop, tmp_path):
    merged = merge_folders([laptop], Store(tmp_path / "all"), dry=True)
    assert len(merged.copied) == 2
    assert not (tmp_path / "all").exists()


def test_predictions_of_another_fit_are_not_copied(laptop, tmp_path):
    (laptop.folder / "predictions" / "mace-0.npz").write_bytes(b"others")
    merged = merge_folders([laptop], Store(tmp_path / "all"))
    assert "without predictions" in merged.incomplete["mace-0"]
    assert not (tmp_path / "all" / "predictions" / "mace-0.npz").exists()


def test_documents_of_an_earlier_schema_are_migrated_and_newer_ones_stay(laptop, tmp_path):
    path = laptop.folder / "gap-0.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "schema": 1, "failure": {"kind": "killed", "message": "x"}}))
    (laptop.folder / "future-0.json").write_text(json.dumps({**outcome("future"), "schema": 99}))
    source, target = Store(laptop.folder), Store(tmp_path / "all")
    merged = merge_folders([source], target)
    assert "future-0" not in merged.copied
    assert "update mlffbench" in source.set_aside[laptop.folder / "future-0.json"]
    assert json.loads((target.folder / "gap-0.json").read_text())["failure"]["kind"] == "worker lost"


def test_the_suite_is_copied_where_there_is_none(laptop, tmp_path):
    (laptop.folder / "suite.yaml").write_text("name: a\n")
    (laptop.folder / "environments").mkdir()
    (laptop.folder / "environments" / "abc.txt").write_text("numpy==2\n")
    merge_folders([laptop], Store(tmp_path / "all"))
    assert (tmp_path / "all" / "suite.yaml").read_text() == "name: a\n"
    assert (tmp_path / "all" / "environments" / "abc.txt").exists()
    (laptop.folder / "suite.yaml").write_text("name: b\n")
    merge_folders([laptop], Store(tmp_path / "all"))
    assert (tmp_path / "all" / "suite.yaml").read_text() == "name: a\n"


def test_locks_are_copied_through_no_link(laptop, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "secret.txt").write_text("x")
    (laptop.folder / "environments").symlink_to(mine)
    merge_folders([laptop], Store(tmp_path / "all"))
    assert not (tmp_path / "all" / "environments").exists()
    (laptop.folder / "environments").unlink()
    (laptop.folder / "environments").mkdir()
    (laptop.folder / "environments" / "abc.txt").write_text("numpy==2\n")
    (tmp_path / "all" / "environments").symlink_to(mine)
    with pytest.raises(OSError, match="is a link"):
        merge_folders([laptop], Store(tmp_path / "all"))
    assert [path.name for path in mine.iterdir()] == ["secret.txt"]


def test_a_case_that_a_run_computes_is_a_conflict(laptop, tmp_path):
    target = Store(tmp_path / "all")
    with target.leases() as leases, leases.claim("gap-0") as lease:
        assert lease is not None
        merged = merge_folders([laptop], target)
    assert merged.copied == ["mace-0"]
    assert "a run computes the case there" in merged.conflicts["gap-0"]
    assert not (target.folder / "gap-0.json").exists()
    assert not (target.folder / "leases").exists()


def test_files_that_the_target_lacks_are_copied(laptop, tmp_path):
    target = tmp_path / "all"
    merge_folders([laptop], Store(target))
    before = files(target)
    (target / "predictions" / "mace-0.npz").unlink()
    (target / "models" / "mace-0.mlff").unlink()
    planned = merge_folders([laptop], Store(target), dry=True)
    assert planned.completed == ["mace-0"]
    assert not (target / "models" / "mace-0.mlff").exists()
    merged = merge_folders([laptop], Store(target))
    assert (merged.completed, sorted(merged.same), merged.copied) == (["mace-0"], ["gap-0", "mace-0"], [])
    assert files(target) == before


@pytest.mark.parametrize("dry", [False, True])
def test_sources_are_compared_with_each_other(laptop, tmp_path, dry):
    other = Store(tmp_path / "other")
    other.save(outcome("mace", 0.05))
    other.save(laptop.load("gap-0"))
    merged = merge_folders([laptop, other], Store(tmp_path / "all"), dry=dry)
    assert (sorted(merged.copied), merged.same) == (["gap-0", "mace-0"], ["gap-0"])
    assert list(merged.conflicts) == ["mace-0"]
    assert not merged.completed
