"""Layout of a document's text: a list of numbers, a score and an epoch take one line each.

A change then shows as one line in a comparison of two versions, and a document is half as long as with a line
for every number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["document_text"]

WIDTH = 300  # characters up to which an object without inner objects stays on one line


def document_text(value: Any, indent: str = "") -> str:
    """JSON text of a document, indented by a space a level.

    Raises
    ------
    ValueError
        A number is not finite.

    Examples
    --------
    >>> print(document_text({"id": "a", "curve": [0.5, None], "scores": [{"value": 1.0}, {"value": 2.0}]}))
    {
     "id": "a",
     "curve": [0.5, null],
     "scores": [
      {"value": 1.0},
      {"value": 2.0}
     ]
    }
    """
    inner = indent + " "
    if isinstance(value, Mapping):
        if _holds_plain(value.values()) and len(line := _flat(value)) <= WIDTH:
            return line
        return _lines("{", [f"{_flat(k)}: {document_text(v, inner)}" for k, v in value.items()], "}", indent)
    if isinstance(value, list) and not _holds_plain(value):
        return _lines("[", [document_text(v, inner) for v in value], "]", indent)
    return _flat(value)


def _holds_plain(values: Iterable[Any]) -> bool:
    """True if no value is a list or an object."""
    return not any(isinstance(v, list | Mapping) for v in values)


def _flat(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _lines(opening: str, members: list[str], closing: str, indent: str) -> str:
    return f"{opening}\n" + ",\n".join(f"{indent} {m}" for m in members) + f"\n{indent}{closing}"
