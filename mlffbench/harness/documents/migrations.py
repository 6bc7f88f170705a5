"""Steps that bring documents of earlier schemas to the present one; the files stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlffbench.harness.outcome import SCHEMA

__all__ = ["migrated"]

Document = dict[str, Any]

OLD_KINDS = {"killed": "worker lost", "error": "internal error"}


def migrated(document: Document) -> Document:
    """A document in the present schema; the same object if it is in it already.

    A file is rewritten only when its case is stored again.

    Raises
    ------
    ValueError
        Its schema is no number, or that of a newer mlffbench.
    """
    schema = document.get("schema", 1)
    if type(schema) is not int or schema < 1:
        raise ValueError(f"schema: must be a whole number from 1 on, not {schema!r:.40}")
    if schema > SCHEMA:
        raise ValueError(f"it has schema {schema}, this mlffbench knows {SCHEMA}: update mlffbench")
    for step in STEPS[schema - 1 :]:
        document = step(document)
    return document if document.get("schema") == SCHEMA else {**document, "schema": SCHEMA}


def _kinds_of_failures(document: Document) -> Document:
    """Schema 2 says "worker lost" and "internal error" where schema 1 said "killed" and "error"."""
    changed = dict(document)
    if isinstance(failure := document.get("failure"), dict):
        changed["failure"] = _with_kind(failure)
    for part in ("test_failures", "task_failures"):
        if isinstance(failures := document.get(part), list):
            changed[part] = [_with_kind(f) if isinstance(f, dict) else f for f in failures]
    return changed


def _with_kind(failure: Document) -> Document:
    kind = failure.get("kind")
    return {**failure, "kind": OLD_KINDS[kind]} if isinstance(kind, str) and kind in OLD_KINDS else failure


STEPS: tuple[Callable[[Document], Document], ...] = (_kinds_of_failures,)  # from schema i + 1 to i + 2
