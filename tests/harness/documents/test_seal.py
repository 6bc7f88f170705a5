"""Seals of documents: the same content has the same seal, stored documents have theirs."""

from __future__ import annotations

import json

from example_documents import outcome

from mlffbench.harness.documents.seal import SEAL, seal_of, sealed
from mlffbench.harness.documents.store import Store

DOCUMENT = {**outcome("a"), "id": "a-1", "split": {}}


def test_order_and_layout_do_not_matter_but_values_do():
    content = sealed({"a": 0.1, "b": {"é": [1, None]}})
    again = json.loads(json.dumps(dict(reversed(content.items())), indent=3))
    assert again[SEAL] == seal_of(again)
    assert seal_of({**content, "a": 0.1 + 1e-18}) == content[SEAL]  # the same number
    assert seal_of({**content, "a": 0.11}) != content[SEAL]
    assert seal_of({**content, "b": {"é": [1, 0]}}) != content[SEAL]


def test_a_stored_document_has_its_seal_and_is_read_without(tmp_path):
    store = Store(tmp_path)
    store.save({**DOCUMENT, "x": float("nan")})
    raw = json.loads(store.document_path("a-1").read_text())
    assert raw[SEAL] == seal_of(raw)
    assert SEAL not in store.load("a-1")
    store.save({**store.load("a-1"), "x": 2})
    changed = json.loads(store.document_path("a-1").read_text())
    assert changed[SEAL] == seal_of(changed) != raw[SEAL]
