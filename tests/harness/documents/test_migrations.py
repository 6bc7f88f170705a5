"""Documents of other schemas: read as of the present one, written so only when a case is stored again."""

from __future__ import annotations

import json

import pytest
from example_documents import failed, outcome

from mlffbench.harness.documents.migrations import STEPS, migrated
from mlffbench.harness.documents.store import Store
from mlffbench.harness.outcome import SCHEMA


def old(document, **values):
    return {k: v for k, v in {**document, "schema": 1, **values}.items() if v is not None}


def test_every_schema_has_a_step_to_the_next():
    assert len(STEPS) == SCHEMA - 1


@pytest.mark.parametrize(
    ("before", "after"),
    [("killed", "worker lost"), ("error", "internal error"), ("diverged", "diverged"), (None, None)],
)
def test_kinds_of_the_first_schema_have_their_present_names(before, after):
    failure = {"kind": before, "message": "no"}
    parts = {"failure": failure, "test_failures": [failure], "task_failures": [failure]}
    read = migrated(old(failed("a"), **parts))
    kinds = [read["failure"], *read["test_failures"], *read["task_failures"]]
    assert [(f["kind"], f["message"]) for f in kinds] == [(after, "no")] * 3
    assert read["schema"] == SCHEMA
    assert migrated(read) is read, "a present document is left alone"


def test_a_document_without_schema_is_of_the_first():
    document = failed("a")
    del document["schema"]
    assert migrated({**document, "failure": {"kind": "killed"}})["failure"]["kind"] == "worker lost"


def test_reading_leaves_the_file_and_the_next_writing_brings_it_up(tmp_path):
    document = old(failed("a"), failure={"kind": "killed", "message": "signal 9"})
    path = tmp_path / f"{document['id']}.json"
    path.write_text(json.dumps(document))
    before, store = path.read_bytes(), Store(tmp_path)
    (read,) = store.documents()
    assert read["failure"]["kind"] == "worker lost"
    assert path.read_bytes() == before
    store.save(read)
    stored = json.loads(path.read_text())
    assert (stored["schema"], stored["failure"]["kind"]) == (SCHEMA, "worker lost")


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        (SCHEMA + 1, f"it has schema {SCHEMA + 1}, this mlffbench knows {SCHEMA}: update mlffbench"),
        ("2", "schema: must be a whole number from 1 on, not '2'"),
        (True, "schema: must be a whole number"),
        (0, "schema: must be a whole number"),
    ],
)
def test_a_document_of_a_newer_or_no_schema_is_set_aside(tmp_path, schema, sentence):
    document = {**outcome("a"), "schema": schema}
    (tmp_path / f"{document['id']}.json").write_text(json.dumps(document))
    (tmp_path / "b-0.json").write_text(json.dumps(outcome("b")))
    store = Store(tmp_path)
    assert [d["id"] for d in store.documents()] == ["b-0"]
    (reason,) = store.set_aside.values()
    assert sentence in reason
