"""Documents written whole or not at all; predictions there and back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mlffbench.data import Labels
from mlffbench.harness.predictions import pack, unpack
from mlffbench.harness.rescore import rescore
from mlffbench.harness.scoring import score
from mlffbench.harness.store import Store
from mlffbench.metrics import rmse

DOCUMENT = {"id": "a-1", "status": "ok", "case": {"seed": 0}}


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
    assert store.load("a-1") == {**DOCUMENT, "x": 0.5, "nan": None}
    assert store.predictions("a-1")["T/a"].tolist() == [0, 1, 2]
    assert not list(store.folder.rglob("*.part"))


def test_a_write_that_fails_leaves_the_old_document(tmp_path):
    store = Store(tmp_path)
    store.save(DOCUMENT)
    with pytest.raises(TypeError):
        store.save({**DOCUMENT, "bad": object()})
    assert store.load("a-1") == DOCUMENT


def test_clean_removes_half_written_files(tmp_path):
    store = Store(tmp_path)
    store.save(DOCUMENT, {"a": np.zeros(1)})
    (tmp_path / "b-2.123.part").write_text("{")
    (tmp_path / "predictions" / "b-2.123.part").write_text("x")
    store.clean()
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["a-1.json", "a-1.npz"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", "\ufeff"])
def test_a_file_that_is_no_document_is_named(tmp_path, text):
    (tmp_path / "odd.json").write_text(text)
    with pytest.raises(ValueError, match=r"odd\.json is not a result document"):
        Store(tmp_path).documents()


def test_rescore_adds_a_metric_and_keeps_the_rest(tmp_path):
    store, (truth, guess) = Store(tmp_path), some_labels()
    scores = [vars(s) for s in score("T", [2, 3], truth, guess, {"rmse": rmse})]
    timing = {"test": "1 copies", "quantity": "evaluate", "metric": "time_per_atom", "value": 1.0}
    document = {**DOCUMENT, "split": {"tests": {"T": 2}}, "scores": [*scores, timing]}
    store.save(document, pack("T", [2, 3], truth, guess))
    store.save({**document, "id": "b-2"})
    store.save({"id": "c-3", "status": "failed", "case": {}})
    assert rescore(store, ["max_error", "rmse"]) == (1, ["b-2"])
    found = store.load("a-1")["scores"]
    assert timing in found
    by = {(s["quantity"], s["metric"]): s["value"] for s in found}
    assert by["energy", "max_error"] == 0.5
    assert by["energy", "rmse"] == pytest.approx(np.sqrt(0.125))
    assert len(by) == len(found)
    assert json.dumps(store.load("b-2")) == json.dumps(document | {"id": "b-2"})
