"""Outcome documents of strangers: usable in every part, or refused with a sentence."""

from __future__ import annotations

import json
import os
import re

import numpy as np
import pytest
from example_documents import failed, leaking, measured, outcome, trained
from example_mutations import damaged, mutated

from mlffbench.data import Spec
from mlffbench.harness.case import Case
from mlffbench.harness.documents.document import is_own_case, read_document


def written(folder, document, name=None):
    path = folder / f"{name or document['id']}.json"
    path.write_text(json.dumps(document))
    return path


def honest(label):
    """A document with errors in training, ignored labels and a reference of another level of theory."""
    level = {"level": "emt", "labels": "PBE", "differs": True, "deviation": 0.3, "labels_rms": 1.0}
    return trained(measured(label, 150.0, reference=level), 0.01, 0.015, ["stress"])


@pytest.mark.parametrize(
    "document",
    [outcome("a"), failed("b"), measured("c", 150.0), leaking(outcome("d"), test_300K=2), honest("e")],
)
def test_documents_of_a_suite_are_read_as_they_are(tmp_path, document):
    assert read_document(written(tmp_path, document)) == document


def changed(**values):
    return {**outcome("a"), **values}


SCORE = {"test": "T", "quantity": "forces", "metric": "rmse", "value": 0.1, "unit": "eV/Å"}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (changed(id="../../package"), "it says that its id is '../../package'"),
        (changed(id="other"), "it says that its id is 'other'"),
        (changed(id=3), "id: Input should be a valid string"),
        (changed(status="fine"), "status: Input should be 'ok' or 'failed'"),
        (changed(case={"seed": 0}), "case.suite: Field required"),
        (changed(scores=None), "scores: Input should be a valid list"),
        (changed(scores=[{**SCORE, "value": "0.1"}]), r"scores.0.value: Input should be a valid number"),
        (changed(scores=[{**SCORE, "value": True}]), r"scores.0.value"),
        (changed(scores=[{**SCORE, "value": 10**400}]), r"scores.0.value"),
        (changed(split={"tests": {"T": -1}}), "split.tests.T"),
        (changed(history=[1]), "history.0"),
        (changed(provenance={"packages": [1]}), "provenance.packages"),
        (changed(failure="x"), "failure"),
        (changed(inputs={"columns": {}}), "inputs"),
        (changed(training={"ignored": "stress"}), "training.ignored"),
        (changed(training={"frames": {"train": -1}}), "training.frames.train"),
        (changed(reference={"differs": "yes"}), "reference.differs"),
    ],
)
def test_the_place_of_what_is_wrong_is_named(tmp_path, document, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        read_document(written(tmp_path, document, "a-0"))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"\xff\xfe{}", b"{\x00}", b'{"a": NaN}', b"[" * 100_000,
     b"nonsense", b"1" * 9_000]
)  # fmt: skip
def test_what_is_no_document_is_a_value_error(tmp_path, content):
    (tmp_path / "a-0.json").write_bytes(content)
    with pytest.raises(ValueError, match=r".+"):
        read_document(tmp_path / "a-0.json")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a-0.json")
    with pytest.raises(ValueError, match="no regular file"):
        read_document(tmp_path / "a-0.json")


def test_texts_are_made_plain_and_long_messages_cut(tmp_path):
    document = failed("a", message="\x1b]0;title\x07\x1b[31mred\x1b[0m\u202e " + "y" * 50_000)
    read = read_document(written(tmp_path, document))
    assert read["failure"]["message"].startswith("red y")
    assert len(read["failure"]["message"]) <= 20_000


def test_a_case_that_its_id_does_not_digest_is_seen():
    case = Case("s", "row", Spec("d"), Spec("random"), Spec("morse"), 0, "0")
    document = {"id": case.id, "case": case.to_json()}
    assert is_own_case(document)
    assert is_own_case({**document, "case": {**case.to_json(), "label": "renamed"}})
    assert not is_own_case({**document, "case": {**case.to_json(), "seed": 1}})


def test_damage_is_a_sentence_or_harmless(tmp_path):
    rng, refused = np.random.default_rng(0), 0
    others = [measured("a", 150.0), failed("a"), honest("a")]
    originals = [outcome("a"), *({**document, "id": "a-0"} for document in others)]
    for i in range(200):
        document = originals[i % 4 if i % 4 else (i // 4) % 4]
        path = written(tmp_path, mutated(document, rng), "a-0")
        if i % 4 == 0:
            path.write_bytes(damaged(json.dumps(document).encode(), rng))
        try:
            json.dumps(read_document(path), allow_nan=True, ensure_ascii=False).encode()
        except ValueError as error:
            refused += bool(str(error))
    assert refused > 50
