"""Seal of a document: the digest of its content, which shows an edit after it was stored.

It is no signature: who computes it anew hides the edit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["SEAL", "seal_of", "sealed"]

SEAL = "seal"


def seal_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of all that a document says, whatever its order and layout.

    Examples
    --------
    >>> seal_of({"a": 1.0, "b": [None]}) == seal_of({"b": [None], "a": 1.0, "seal": "old"})
    True
    """
    content = {name: value for name, value in document.items() if name != SEAL}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its seal at the end."""
    return {**{k: v for k, v in document.items() if k != SEAL}, SEAL: seal_of(document)}
