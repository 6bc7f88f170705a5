"""Constraints of parameters: type, range and default, read from the signature of a class or function."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from mlffbench.registry import suggest
from mlffbench.system.remedy import remedy
from mlffbench.system.value_types import settings_class, takes, words

__all__ = ["Constraint", "constraints"]

NAMES = {
    "float": float, "int": int, "str": str, "bool": bool, "None": None, "Any": Any,
    "list": list, "tuple": tuple, "dict": dict, "Sequence": Sequence, "Mapping": Mapping,
    "Literal": Literal,
}  # fmt: skip
SHOWN = 80  # characters of a value in a message


@dataclass(frozen=True)
class Constraint:
    """Values that a parameter takes.

    Attributes
    ----------
    type : type
        The annotation; Any where there is none.
    default : object
        ``inspect.Parameter.empty`` for a parameter that must be given.
    """

    type: Any
    default: Any = inspect.Parameter.empty

    @property
    def words(self) -> str:
        """The values in words: ``a whole number of at least 1``."""
        return words(self.type)

    @property
    def schema(self) -> dict[str, Any]:
        """The values as JSON schema, with the default."""
        required = self.default is inspect.Parameter.empty
        return _schema(self.type) | ({} if required else {"default": _plain(self.default)})

    def faults(self, value: Any) -> Iterator[tuple[tuple[Any, ...], str]]:
        """Paths inside the value, and sentences on what does not fit there; none if all does."""
        settings = settings_class(self.type)
        if settings is not None and isinstance(value, Mapping):
            yield from _faults_of_settings(settings, value)
        elif not takes(self.type, value):
            kind = "the text " if isinstance(value, str) else ""
            yield (), f"must be {self.words}, not {kind}{_shown(value)}{remedy(self.type, value)}"
        elif self.type is Any and _is_number(self.default) and (fix := _meant_number(value)):
            yield (), f"must be a number, not the text {_shown(value)}{fix}"


@cache
def constraints(target: Callable[..., Any]) -> Mapping[str, Constraint]:
    """Constraints of the parameters of a class or function."""
    signature = inspect.signature(target).parameters.values()
    named = [p for p in signature if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return {p.name: Constraint(_type(p.annotation, target), p.default) for p in named}


def _type(annotation: Any, target: Any) -> Any:
    """The annotation as a type; Any where it is absent or holds other names."""
    if annotation is inspect.Parameter.empty:
        return Any
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, {"__builtins__": {}}, {**_names(target), **NAMES})
    except (NameError, SyntaxError, TypeError, AttributeError):
        return Any


def _names(target: Any) -> dict[str, Any]:
    """Names of the modules of a function or class, such as ``Keep = Literal["whole", "bonds"]``."""
    owners = reversed(target.__mro__) if isinstance(target, type) else (target,)  # fields may be inherited
    modules = [sys.modules[owner.__module__] for owner in owners]
    return {name: value for module in modules for name, value in vars(module).items()}


def _faults_of_settings(settings: Any, value: Mapping[Any, Any]) -> Iterator[tuple[tuple[Any, ...], str]]:
    known = constraints(settings)
    for keyword, inside in value.items():
        if keyword not in known:
            yield (keyword,), f"has no keyword {keyword!r}{suggest(str(keyword), known)}"
            continue
        for path, sentence in known[keyword].faults(inside):
            yield (keyword, *path), f"{keyword} {sentence}" if not path else sentence


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _meant_number(value: Any) -> str:
    """Remedy of a text that looks like a number."""
    return remedy(float, value) if isinstance(value, str) else ""


def _schema(expected: Any) -> dict[str, Any]:
    """JSON schema of a type; {} for a type of Python's own."""
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

    settings = settings_class(expected)
    if settings is not None:
        properties = {name: inside.schema for name, inside in constraints(settings).items()}
        return {
            "type": ["object", "boolean", "null"],
            "properties": properties,
            "additionalProperties": False,
        }
    try:
        return TypeAdapter(expected).json_schema()
    except (PydanticSchemaGenerationError, PydanticUserError):
        return {}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
