"""Answers of children: whole, or none."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule
from example_cases import case

from mlffbench.estimators.atomic_reference import AtomicReference
from mlffbench.harness.execution.answer import (
    answered_model,
    has_answer,
    read_answer,
    write_answer,
    write_model,
)
from mlffbench.harness.outcome import Outcome, failed

ARRAYS = {"T/energy_true": np.arange(3.0), "T/n_atoms": np.array([1, 2, 3])}


def test_an_answer_is_read_as_it_was_written(tmp_path):
    outcome = Outcome(case())
    write_answer(tmp_path, outcome, ARRAYS)
    document, predictions = read_answer(tmp_path)
    assert document == outcome.to_json()
    assert {name: array.tolist() for name, array in predictions.items()} == {
        name: array.tolist() for name, array in ARRAYS.items()
    }


def test_a_failure_has_no_predictions(tmp_path):
    outcome = failed(case(), {"kind": "internal error", "message": "half \ud800", "traceback": ""})
    write_answer(tmp_path, outcome, None)
    assert read_answer(tmp_path) == (outcome.to_json(), None)


def test_an_answer_without_its_document_is_none(tmp_path):
    assert read_answer(tmp_path / "nowhere") is None
    write_answer(tmp_path, Outcome(case()), ARRAYS)
    (tmp_path / "outcome.json").unlink()
    assert not has_answer(tmp_path)
    assert read_answer(tmp_path) is None


@pytest.mark.parametrize("name", ["outcome.json", "predictions.npz"])
@pytest.mark.parametrize("damage", [lambda c: b"", lambda c: c[: len(c) // 2], lambda c: b"\xff" * 40])
def test_a_damaged_answer_is_none(tmp_path, name, damage):
    write_answer(tmp_path, Outcome(case()), ARRAYS)
    file = tmp_path / name
    file.write_bytes(damage(file.read_bytes()))
    assert read_answer(tmp_path) is None


def test_a_model_is_written_up_to_a_size(tmp_path):
    model = AtomicReference().fit([molecule("H2"), molecule("O2")], [-6.0, -8.0])
    assert write_model(tmp_path, model, None) == {}
    size = answered_model(tmp_path).stat().st_size
    assert write_model(tmp_path, model, size) == {}
    reason = write_model(tmp_path, model, size - 1)["reason"]
    assert "MB, more than" in reason
    assert answered_model(tmp_path) is None
    assert write_model(tmp_path, model, 0) == {"reason": "keep_models: none"}


def test_a_model_that_cannot_be_saved_is_a_reason(tmp_path):
    model = AtomicReference().fit([molecule("H2")], [-6.0])
    model.odd_ = object()
    assert "cannot be saved" in write_model(tmp_path, model, None)["reason"]
    assert list(tmp_path.iterdir()) == []
