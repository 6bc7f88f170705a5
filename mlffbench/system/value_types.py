"""Types and ranges of annotations: the values they take, and their words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
from annotated_types import Ge, GroupedMetadata, Gt, Le, Lt, MinLen, Predicate

__all__ = ["settings_class", "takes", "words"]

WORDS = {float: "a number", int: "a whole number", str: "a text", bool: "true or false", NoneType: "null"}
BOUNDS: dict[type, str] = {Ge: "ge", Gt: "gt", Le: "le", Lt: "lt"}
BOUND_WORDS = {"ge": "of at least", "gt": "above", "le": "up to", "lt": "below"}
MOST = 10**9  # bounds from here on are there to catch typing errors; they are left out of sentences


def takes(expected: Any, value: Any) -> bool:
    """True if a parameter of this type takes the value."""
    origin, inner = get_origin(expected), get_args(expected)
    if origin is Annotated:
        return takes(inner[0], value) and all(_holds(mark, value) for mark in _marks(expected))
    if origin in (Union, UnionType):
        return any(takes(part, value) for part in inner)
    if origin is Literal:
        return any(value is part or (type(value) is type(part) and value == part) for part in inner)
    if expected in (None, NoneType):
        return value is None
    if expected in (bool, int, float, str):
        return _is_plain(expected, value)
    base = origin or expected
    if base in (Sequence, list, tuple):
        items = [part for part in inner if part is not Ellipsis] or [Any]
        listed = isinstance(value, list | tuple | np.ndarray)
        return listed and all(any(takes(item, v) for item in items) for v in value)
    if base in (Mapping, dict):
        return isinstance(value, Mapping) and all(
            takes(inner[1] if inner else Any, v) for v in value.values()
        )
    return True


def _is_plain(expected: type, value: Any) -> bool:
    """True for a truth value, a finite number or a text of that type; numpy's numbers are numbers."""
    if expected is bool:
        return isinstance(value, bool | np.bool_)
    if expected is str:
        return isinstance(value, str)
    if isinstance(value, bool):
        return False
    return (
        isinstance(value, Integral) if expected is int else isinstance(value, Real) and math.isfinite(value)
    )


def _marks(expected: Any) -> Iterator[Any]:
    """Bounds and conditions of an annotated type."""
    for mark in expected.__metadata__:
        yield from mark if isinstance(mark, GroupedMetadata) else (mark,)


def _holds(mark: Any, value: Any) -> bool:
    if isinstance(mark, MinLen):
        return len(value) >= mark.min_length
    if isinstance(mark, Predicate):
        return bool(mark.func(value))
    return {
        Ge: lambda: value >= mark.ge, Gt: lambda: value > mark.gt,
        Le: lambda: value <= mark.le, Lt: lambda: value < mark.lt,
    }.get(type(mark), lambda: True)()  # fmt: skip


def settings_class(expected: Any) -> Any:
    """The dataclass whose fields are the keywords of a mapping, None for other types."""
    if get_origin(expected) is Annotated:
        return next((m for m in expected.__metadata__ if isinstance(m, type) and is_dataclass(m)), None)
    return next((inside for part in get_args(expected) if (inside := settings_class(part))), None)


# ---------------------------------------------------------------- words
def words(expected: Any) -> str:
    """The type in words: ``a whole number of at least 1, or null``."""
    origin, inner = get_origin(expected), get_args(expected)
    if origin is Annotated:
        return _marked_words(expected)
    if origin in (Union, UnionType):
        return _alternatives(inner)
    if origin is Literal:
        return f"one of {', '.join(map(repr, inner))}" if len(inner) > 1 else repr(inner[0])
    base = origin or expected
    if base in (Sequence, list, tuple):
        return _list_words([part for part in inner if part is not Ellipsis])
    if base in (Mapping, dict):
        return "a mapping"
    return WORDS.get(expected, "null" if expected is None else "another value")


def _alternatives(parts: Sequence[Any]) -> str:
    return " or ".join(dict.fromkeys(words(part) for part in parts))


def _marked_words(expected: Any) -> str:
    """Words of an annotated type: its own, else those of the type with its bounds."""
    own = next((m.documentation for m in expected.__metadata__ if hasattr(m, "documentation")), None)
    if own is not None:
        return own
    least = ", at least one" if any(isinstance(mark, MinLen) for mark in _marks(expected)) else ""
    return f"{words(expected.__origin__)} {_bounds(expected)}".strip() + least


def _bounds(expected: Any) -> str:
    """Range in words: ``from 0 to 12``, ``above 0``."""
    bound = {
        name: value
        for mark in _marks(expected)
        for kind, name in BOUNDS.items()
        if isinstance(mark, kind) and abs(value := getattr(mark, name)) < MOST
    }
    if {"ge", "le"} <= set(bound):
        return f"from {bound['ge']:,} to {bound['le']:,}"
    return " and ".join(f"{BOUND_WORDS[name]} {value:,}" for name, value in bound.items())


def _list_words(items: list[Any]) -> str:
    if items and get_origin(items[0]) is Literal:
        return f"a list, each entry {words(items[0])}"
    if not items or (noun := words(_plain_type(items[0]))) not in WORDS.values():
        return "a list"
    own = get_origin(items[0]) is Annotated and words(items[0])
    each = own.removeprefix(noun).strip() if own else ""
    return f"a list of {noun.removeprefix('a ')}s" + (f", each {each}" if each else "")


def _plain_type(item: Any) -> Any:
    """The type without its range; of a number or text that names a group, the text."""
    inner = item.__origin__ if get_origin(item) is Annotated else item
    return get_args(inner)[0] if get_origin(inner) in (Union, UnionType) else inner
