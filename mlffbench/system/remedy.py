"""Remedy of a wrong value: the way to write it, where that is certain."""

from __future__ import annotations

import math
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin

from mlffbench.system.value_types import takes
from mlffbench.system.yaml_text import YamlError, read_yaml

__all__ = ["remedy"]


def remedy(expected: Any, value: Any) -> str:
    """Complete a refusal: ``; write 0.001``.

    Examples
    --------
    >>> remedy(float, "1e-3"), remedy(bool, "yes"), remedy(float | None, "None"), remedy(int, "many")
    ('; write 0.001', '; write true', '; write null', '')
    >>> remedy(Literal["small", "medium"], "medum"), remedy(Literal["1M", "5M"], "5m")
    ("; did you mean 'medium'?", "; did you mean '5M'?")
    """
    known = _words(expected)
    entries = value if isinstance(value, list | tuple) else [value]
    wrong = [entry for entry in entries if isinstance(entry, str) and entry not in known]
    lower = {word.lower(): word for word in known}
    if near := [lower[match] for entry in wrong for match in get_close_matches(entry.lower(), lower, n=1)]:
        return f"; did you mean {near[0]!r}?"
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    return next((f"; write {text}" for text in _spellings(value) if _fits(expected, text)), "")


def _words(expected: Any) -> list[str]:
    """The texts among which a parameter chooses."""
    if get_origin(expected) is Literal:
        return [word for word in get_args(expected) if isinstance(word, str)]
    return [word for part in get_args(expected) for word in _words(part)]


def _spellings(value: str | float) -> Iterator[str]:
    """Other ways to write a value."""
    if str(value).lower() in ("none", "null"):
        yield "null"
    if str(value).lower() in ("yes", "on", "no", "off"):
        yield "true" if str(value).lower() in ("yes", "on") else "false"
    number = _number(value)
    if number is not None:
        if number.is_integer() and 1 <= abs(number) < 1e15:
            yield str(int(number))
        yield repr(number)
    yield f"'{value}'"
    yield f"[{value}]"


def _fits(expected: Any, text: str) -> bool:
    try:
        return takes(expected, read_yaml(text))
    except YamlError:
        return False


def _number(value: str | float) -> float | None:
    """The number that a text is meant to be: ``1e-3``, ``1_000``, ``0,5``."""
    try:
        number = float(str(value).replace("_", "").replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
