"""Garbage of a results folder: what no document needs, and no living run."""

from __future__ import annotations

import pytest
from example_documents import failed, outcome

from mlffbench.harness.documents.garbage import garbage, remove_garbage
from mlffbench.harness.documents.store import Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "r")
    store.save(outcome("mace"))
    store.save(failed("gap"))
    for name in (
        "unfinished/gap-0/state.npz",
        "unfinished/.answer-gap-0.12ab/answer.json",
        "logs/mace-0.log",
        "predictions/mace-0.npz",
        "predictions/gone-0.npz",
        "models/gap-0.mlff",
        "set_aside/mace-0.json",
    ):
        (store.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (store.folder / name).write_bytes(b"12345")
    return store


def test_what_no_document_needs_is_listed_with_its_bytes(store):
    listed = garbage(store)
    assert {(one.kind, one.path.name, one.size) for one in listed} == {
        ("unfinished", "gap-0", 5),
        ("unfinished", ".answer-gap-0.12ab", 5),
        ("logs", "mace-0.log", 5),
        ("predictions", "gone-0.npz", 5),
        ("models", "gap-0.mlff", 5),
        ("set_aside", "mace-0.json", 5),
    }
    assert remove_garbage(store, listed) == 30
    assert garbage(Store(store.folder)) == []
    left = sorted(path.name for path in store.folder.rglob("*") if path.is_file())
    assert left == ["gap-0.json", "mace-0.json", "mace-0.npz"]


def test_work_of_a_living_run_stays(store):
    listed = garbage(store)
    with store.leases() as leases, leases.claim("gap-0") as lease:
        assert lease is not None
        assert "gap-0" not in {one.id for one in garbage(store) if one.kind == "unfinished"}
        remove_garbage(store, [one for one in listed if one.kind == "unfinished"])
        assert (store.folder / "unfinished" / "gap-0" / "state.npz").exists()


def test_links_are_removed_and_not_followed(store, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x").write_text("x")
    (store.folder / "logs" / "a.log").symlink_to(tmp_path / "mine")
    (store.folder / "models" / "gap-0.mlff").unlink()
    (store.folder / "models").rmdir()
    (store.folder / "models").symlink_to(tmp_path / "mine")
    remove_garbage(store, garbage(store))
    assert (tmp_path / "mine" / "x").exists()


def test_predictions_and_models_that_a_run_is_writing_stay(store):
    names = ("predictions/new-0.next.npz", "models/new-0.next.mlff")
    for name in names:
        (store.folder / name).write_bytes(b"12345")
    listed = [one for one in garbage(store) if one.id == "new-0"]
    assert len(listed) == 2
    with store.leases() as leases, leases.claim("new-0") as lease:
        assert lease is not None
        assert not [one for one in garbage(store) if one.id == "new-0"]
        assert remove_garbage(store, listed) == 0
    assert all((store.folder / name).exists() for name in names)


def test_what_a_document_names_since_the_list_was_made_stays(store, tmp_path):
    listed = [one for one in garbage(store) if one.kind in ("predictions", "models")]
    (tmp_path / "fitted.mlff").write_bytes(b"a model")
    Store(store.folder).save(outcome("gap"), model=tmp_path / "fitted.mlff")
    Store(store.folder).save(outcome("gone"))
    assert remove_garbage(store, listed) == 0
    assert (store.folder / "models" / "gap-0.mlff").read_bytes() == b"a model"
    assert (store.folder / "predictions" / "gone-0.npz").exists()


def test_names_of_no_case_are_left_alone(store):
    odd = [store.folder / name for name in ("unfinished/.DS_Store", "unfinished/.answer-", "logs/.DS_Store")]
    for path in odd:
        path.write_bytes(b"")
    remove_garbage(store, garbage(store))
    assert all(path.exists() for path in odd)
    assert not (store.folder / "unfinished" / "gap-0").exists()
