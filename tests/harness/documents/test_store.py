"""Documents written whole or not at all; predictions there and back."""

from __future__ import annotations

import json
import os
from hashlib import sha256

import numpy as np
import pytest
from example_cases import case
from example_documents import failed, outcome
from example_mutations import damaged

from mlffbench.data import Labels
from mlffbench.harness.documents.predictions import pack, unpack
from mlffbench.harness.documents.store import Store
from mlffbench.harness.rescore import rescore
from mlffbench.harness.scoring import score
from mlffbench.metrics import rmse

DOCUMENT = {**outcome("a"), "id": "a-1", "split": {}}


def some_labels():
    truth = Labels([1.0, 2.0], [None, np.ones((3, 3))], [np.arange(6.0), None])
    guess = Labels([1.5, 2.0], [np.zeros((2, 3)), np.zeros((3, 3))], None, [0.1, 0.2])
    return truth, guess


def test_pack_and_unpack_are_inverse():
    truth, guess = some_labels()
    n_atoms, true, predicted = unpack(pack("T 1", [2, 3], truth, guess), "T 1")
    assert n_atoms == [2, 3]
    assert true.energy.tolist() == [1.0, 2.0]
    assert true.forces[0] is None
    assert true.forces[1].tolist() == np.ones((3, 3)).tolist()
    assert true.stress[0].tolist() == list(range(6))
    assert true.stress[1] is None
    assert predicted.stress is None
    assert predicted.energy_std.tolist() == [0.1, 0.2]


def test_save_and_load(tmp_path):
    store = Store(tmp_path / "new" / "folder")
    assert store.load("a-1") is None
    assert store.predictions("a-1") is None
    store.save({**DOCUMENT, "x": np.float64(0.5), "nan": float("nan")}, {"T/a": np.arange(3)})
    loaded = store.load("a-1")
    assert len(loaded.pop("predictions")) == 64
    assert loaded == {**DOCUMENT, "x": 0.5, "nan": None}
    assert store.predictions("a-1")["T/a"].tolist() == [0, 1, 2]
    assert sorted(p.name for p in store.folder.rglob("*.*")) == ["a-1.json", "a-1.npz"]


def test_no_text_keeps_a_case_from_being_stored(tmp_path):
    store = Store(tmp_path)
    store.save({**failed("a", message="\ud800 half \x1b[31m"), "id": "a-1"})
    assert store.load("a-1")["failure"]["message"] == "\ufffd half "


def test_a_write_that_fails_leaves_the_old_document(tmp_path):
    store = Store(tmp_path)
    store.save(DOCUMENT)
    with pytest.raises(TypeError):
        store.save({**DOCUMENT, "bad": object()})
    assert store.load("a-1") == DOCUMENT


def test_a_changed_file_is_read_again(tmp_path):
    store = Store(tmp_path)
    store.save(DOCUMENT)
    assert store.load("a-1") is store.load("a-1")
    Store(tmp_path).save({**DOCUMENT, "status": "failed"})
    assert store.load("a-1")["status"] == "failed"


def test_clean_removes_half_written_files(tmp_path):
    store = Store(tmp_path)
    store.save(DOCUMENT, {"a": np.zeros(1)})
    (tmp_path / "b-2.123.part").write_text("{")
    (tmp_path / "predictions" / "b-2.123.part").write_text("x")
    store.clean()
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["a-1.json", "a-1.npz"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", "\ufeff"])
def test_a_file_that_is_no_document_is_set_aside(tmp_path, text):
    store = Store(tmp_path)
    store.save(DOCUMENT)
    (tmp_path / "odd.json").write_text(text)
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "dangling.json").symlink_to("nowhere")
    (tmp_path / "a b.json").write_text(json.dumps({**DOCUMENT, "id": "a b"}))
    assert store.documents() == [DOCUMENT]
    assert sorted(p.stem for p in store.set_aside) == ["a b", "dangling", "folder", "odd"]
    assert all(store.set_aside.values())


def test_a_damaged_document_is_not_finished_and_written_anew(tmp_path):
    store = Store(tmp_path)
    (tmp_path / "a-1.json").write_text("{")
    (tmp_path / "b-1.json").mkdir()
    (tmp_path / "b-1.json" / "mine").write_text("x")
    for id in ("a-1", "b-1"):
        assert store.load(id) is None
        assert len(store.set_aside) == 1
        store.save({**DOCUMENT, "id": id})
        assert store.load(id)["id"] == id
        assert not store.set_aside
    aside = tmp_path / "set_aside"
    assert (aside / "a-1.1.json").read_text() == "{"
    assert (aside / "b-1.1.json" / "mine").read_text() == "x"


@pytest.mark.parametrize("id", ["../up", "/tmp/x", "", "..", ".hidden", "a/b", "a\0", "a b"])
def test_no_id_leads_out_of_the_folder(tmp_path, id):
    store = Store(tmp_path / "r")
    for use in (store.load, store.predictions, store.unfinished_path, store.forget_unfinished):
        with pytest.raises(ValueError, match="no id"):
            use(id)
    with pytest.raises(ValueError, match="no id"):
        store.save({**DOCUMENT, "id": id})
    assert list(tmp_path.rglob("*.json")) == []


def test_nothing_is_written_through_a_link(tmp_path):
    elsewhere, store = tmp_path / "elsewhere", Store(tmp_path / "r")
    (elsewhere / "a-1").mkdir(parents=True)
    for name in ("a-1.npz", "a-1.json", "x.part", "a-1/model.mlff"):
        (elsewhere / name).write_text("mine")
    store.folder.mkdir()
    (store.folder / "a-1.json").symlink_to(elsewhere / "a-1.json")
    store.save(DOCUMENT)
    store.unfinished_path("a-1").mkdir(parents=True)
    (store.unfinished_path("a-1") / "task").symlink_to(elsewhere)
    store.clean()
    store.forget_unfinished("a-1")
    for name in ("predictions", "unfinished"):
        (store.folder / name).symlink_to(elsewhere)
        for use in (store.check_rights, store.clean):
            with pytest.raises(OSError, match="is a link"):
                use()
        (store.folder / name).unlink()
    assert {p.read_text() for p in elsewhere.rglob("*") if p.is_file()} == {"mine"}
    assert len(list(elsewhere.rglob("*"))) == 5


# ---------------------------------------------------------------- predictions and their document
def packed():
    return pack("T", [2, 3], *some_labels())


WITH_TEST = {**DOCUMENT, "split": {"tests": {"T": 2}}}


def dies_at(monkeypatch, n):
    """Let the n-th renaming of a file end the process."""
    left, replace = [n], os.replace

    def act(*names):
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        replace(*names)

    monkeypatch.setattr(os, "replace", act)


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_a_death_between_two_writes_leaves_a_pair_that_belongs_together(tmp_path, monkeypatch, moment):
    def save(fit, shift=0.0, dies=99):
        arrays = {k: v if k.endswith("n_atoms") else v + shift for k, v in packed().items()}
        with monkeypatch.context() as patch:
            dies_at(patch, dies)
            Store(tmp_path).save({**WITH_TEST, "fit": fit}, arrays)

    save("old")
    with pytest.raises(KeyboardInterrupt):
        save("new", 1.0, moment)
    for _ in range(3):  # also after other tries that come to nothing
        store = Store(tmp_path)
        energies = store.predictions("a-1")["T/energy_true"].tolist()
        assert (store.load("a-1")["fit"], energies) == (
            ("new", [2.0, 3.0]) if moment == 3 else ("old", [1.0, 2.0])
        )
        with pytest.raises(KeyboardInterrupt):
            save("third", 2.0, 2)
    save("last", 3.0)
    assert Store(tmp_path).predictions("a-1")["T/energy_true"].tolist() == [4.0, 5.0]
    assert sorted(p.name for p in tmp_path.rglob("*.*")) == ["a-1.json", "a-1.npz"]


def test_predictions_of_another_fit_are_not_used(tmp_path):
    store = Store(tmp_path)
    store.save(WITH_TEST, packed())
    store.save(
        {**WITH_TEST, "id": "b-2"},
        {k: v * 1 if k.endswith("n_atoms") else v + 1 for k, v in packed().items()},
    )
    store.predictions_path("b-2").replace(store.predictions_path("a-1"))
    assert store.predictions("a-1") is None
    assert "another fit" in store.set_aside[store.predictions_path("a-1")]
    assert store.predictions("b-2") is None
    assert len(store.set_aside) == 1


def test_a_failed_fit_has_no_predictions(tmp_path):
    store = Store(tmp_path)
    store.save(WITH_TEST, packed())
    store.save({**failed("a"), "id": "a-1"})
    assert not store.predictions_path("a-1").exists()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("T/forces_true", lambda a: a[:-1]),
        ("T/forces_predicted", lambda a: a.ravel()),
        ("T/energy_true", lambda a: np.array(1.0)),
        ("T/energy_predicted", lambda a: a.astype("U5")),
        ("T/n_atoms", lambda a: a[:1]),
        ("T/n_atoms", lambda a: -a),
        ("T/stress_true", lambda a: a.astype(object)),
    ],
)
def test_arrays_of_the_wrong_shape_are_not_used(tmp_path, name, change):
    store = Store(tmp_path)
    store.save(WITH_TEST)  # as an older one: without a digest
    store.predictions_path("a-1").parent.mkdir()
    np.savez(store.predictions_path("a-1"), **packed())
    assert set(store.predictions("a-1")) == set(packed())
    np.savez(store.predictions_path("a-1"), **(packed() | {name: change(packed()[name])}))
    assert store.predictions("a-1") is None
    assert list(store.set_aside) == [store.predictions_path("a-1")]


def test_damaged_archives_are_set_aside(tmp_path):
    store, rng = Store(tmp_path), np.random.default_rng(0)
    store.save(WITH_TEST, packed())
    whole, document = store.predictions_path("a-1").read_bytes(), store.load("a-1")
    for digest in (True, False):
        store.save(document if digest else WITH_TEST)
        for _ in range(100):
            store.predictions_path("a-1").write_bytes(damaged(whole, rng))
            assert store.predictions("a-1") is None or not digest
            assert rescore(store, ["max_error"])[0] == 0 or not digest
    assert store.load("a-1")["case"] == {**DOCUMENT["case"], "metrics": ["rmse", "max_error"]}


def test_rescore_adds_a_metric_and_keeps_the_rest(tmp_path):
    store, (truth, guess) = Store(tmp_path), some_labels()
    scores = [vars(s) for s in score("T", [2, 3], truth, guess, {"rmse": rmse})]
    timing = {"test": "1 copies", "quantity": "evaluate", "metric": "time_per_atom", "value": 1.0}
    document = {**WITH_TEST, "scores": [*scores, timing]}
    store.save(document, pack("T", [2, 3], truth, guess))
    store.save({**document, "id": "b-2"})
    store.save({**failed("c"), "id": "c-3"})
    assert rescore(store, ["max_error", "rmse"]) == (1, ["b-2"])
    stored = store.load("a-1")["scores"]
    assert timing in stored
    values = {(s["quantity"], s["metric"]): s["value"] for s in stored}
    assert values["energy", "max_error"] == 0.5
    assert values["energy", "rmse"] == pytest.approx(np.sqrt(0.125))
    assert len(values) == len(stored)
    assert json.dumps(store.load("b-2")) == json.dumps(document | {"id": "b-2"})


# ---------------------------------------------------------------- kept models
def model_file(folder, content=b"model"):
    file = folder / "new.mlff"
    file.write_bytes(content)
    return file


def test_a_document_names_its_model(tmp_path):
    store = Store(tmp_path / "r")
    store.save(DOCUMENT, model=model_file(tmp_path))
    kept = store.load("a-1")["kept_model"]
    assert kept == {"sha256": sha256(b"model").hexdigest(), "bytes": 5, "file": "models/a-1.mlff"}
    assert store.kept_model("a-1") == store.model_path("a-1")
    store.save({**store.load("a-1"), "note": "the same fit"})
    assert store.kept_model("a-1") is not None
    store.model_path("a-1").write_bytes(b"other")
    assert store.kept_model("a-1") is None
    assert "damaged" in store.missing_model("a-1")
    store.model_path("a-1").unlink()
    assert "deleted" in store.missing_model("a-1")


@pytest.mark.parametrize("status", ["ok", "failed"])
def test_a_model_that_no_document_names_is_removed_and_remembered(tmp_path, status):
    store = Store(tmp_path / "r")
    store.save(DOCUMENT, model=model_file(tmp_path))
    store.save({**DOCUMENT, "status": status})
    assert store.removed == {"a-1": 5}
    assert list((tmp_path / "r" / "models").iterdir()) == []


@pytest.mark.parametrize("moment", ["document", "settled"])
def test_a_kill_leaves_a_model_with_its_document(tmp_path, monkeypatch, moment):
    store = Store(tmp_path / "r")
    store.save(DOCUMENT, model=model_file(tmp_path))

    def killed(*_, **__):
        raise KeyboardInterrupt

    target = "atomic_write" if moment == "document" else "Store._settle"
    monkeypatch.setattr(f"mlffbench.harness.documents.store.{target}", killed)
    if moment == "settled":
        monkeypatch.setattr("mlffbench.harness.documents.store.Store._settle", only_first_settles(killed))
    with pytest.raises(KeyboardInterrupt):
        store.save({**DOCUMENT, "note": "new"}, model=model_file(tmp_path, b"new"))
    monkeypatch.undo()
    again = Store(tmp_path / "r")
    new = again.load("a-1").get("note") == "new"
    assert new is (moment == "settled")
    assert again.kept_model("a-1").read_bytes() == (b"new" if new else b"model")
    again.clean()
    assert again.model_path("a-1").read_bytes() == (b"new" if new else b"model")
    again.save({**DOCUMENT, "note": "newer"}, model=model_file(tmp_path, b"newer"))
    assert again.kept_model("a-1").read_bytes() == b"newer"
    assert [p.name for p in (tmp_path / "r" / "models").iterdir()] == ["a-1.mlff"]


def only_first_settles(killed):
    calls = []

    def settle(*_):
        calls.append(1)
        if len(calls) > 1:
            killed()

    return settle


def test_models_are_not_written_through_links(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "models").symlink_to(tmp_path / "elsewhere")
    store = Store(tmp_path / "r")
    for use in (store.check_rights, store.clean, lambda: store.save(DOCUMENT, model=model_file(tmp_path))):
        with pytest.raises(OSError, match="link"):
            use()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_half_written_models_are_removed(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "b-2.123.part").write_text("x")
    Store(tmp_path).clean()
    assert list((tmp_path / "models").iterdir()) == []


def test_heads_of_a_large_folder_come_from_the_index_and_follow_its_documents(tmp_path, monkeypatch):
    monkeypatch.setattr("mlffbench.harness.documents.store.LARGE", 1)
    monkeypatch.setattr("mlffbench.harness.documents.document_table.LARGE", 1)
    finished = case()
    writer = Store(tmp_path)
    document = {**outcome("mace"), "id": finished.id, "case": finished.to_json()}
    document["task_failures"] = [{"task": "speed", "kind": "timed out", "message": "m", "traceback": "t"}]
    writer.save(document)
    store = Store(tmp_path)
    head, whole = store.head(finished.id), writer.load(finished.id)
    assert head["case"] == whole["case"]
    assert head["timings"]["fit"] == whole["timings"]["fit"]
    assert {s["metric"] for s in head["scores"]} == {s["metric"] for s in whole["scores"]}
    assert head["task_failures"] == [{"task": "speed", "kind": "timed out", "message": "m"}]
    assert "provenance" not in head
    writer.save({**document, "status": "failed", "failure": {"kind": "diverged", "message": "m"}})
    assert store.head(finished.id)["failure"]["kind"] == "diverged"
    (tmp_path / f"{finished.id}.json").unlink()
    assert store.head(finished.id) is None


def test_a_head_of_another_case_is_set_aside(tmp_path, monkeypatch):
    monkeypatch.setattr("mlffbench.harness.documents.store.LARGE", 1)
    wrong = {**outcome("mace"), "id": "mace-000000000000", "case": case().to_json()}
    Store(tmp_path).save(wrong)
    store = Store(tmp_path)
    assert store.head("mace-000000000000") is None
    assert "not the one that its name says" in store.set_aside[tmp_path / "mace-000000000000.json"]
