"""Check of a suite's values against the annotations of the parameters that take them."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from mlffbench import registry
from mlffbench.data import Spec

__all__ = ["WrongValueError", "check_arguments", "check_values", "required"]

NAMES = {
    "float": float, "int": int, "str": str, "bool": bool, "None": None, "Any": Any,
    "list": list, "tuple": tuple, "dict": dict, "Sequence": Sequence, "Mapping": Mapping,
}  # fmt: skip
WORDS = {float: "a number", int: "a whole number", str: "a text", bool: "true or false", NoneType: "null"}


GROUPS = {"train", "tests", "leave", "groups", "in_domain"}  # parameters that name groups, also group 300
SHOWN = 80  # characters of a value in a message


class WrongValueError(LookupError):
    """A value of the wrong type; `parameter` names the parameter of the outermost spec."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


def check_values(kind: str, spec: Spec, skip: Iterable[str] = ()) -> None:
    """Refuse texts where numbers belong, and other values that an annotation excludes.

    Parameters without an annotation are judged by their default: a number, and the text looks like one. Specs
    inside specs are checked too.

    Raises
    ------
    WrongValueError
        A value has another type than its parameter.
    """
    target = registry.load(kind, spec.name)
    signature, nested, skipped = inspect.signature(target).parameters, registry.parts(target), set(skip)
    for name, value in spec.params.items():
        if name in nested:
            if value is None and signature[name].default is None:
                continue
            if not isinstance(value, str | Mapping):
                message = "must be a name, or 'name: {keyword: value}', not"
                raise WrongValueError(name, f"{spec.name}: {name} {message} {_shown(value)}")
            inner_kind, inner, params = registry.resolve(value, nested[name])
            try:
                check_values(inner_kind, Spec(inner, params))
            except WrongValueError as error:
                raise WrongValueError(name, str(error)) from error
        elif name in signature and name not in skipped:
            _check(spec.name, signature[name], _type(signature[name], target), value)


def check_arguments(owner: str, function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Refuse values that the annotations of a function's parameters exclude.

    Raises
    ------
    WrongValueError
        A value has another type than its parameter.
    """
    signature = inspect.signature(function).parameters
    for name, value in given.items():
        _check(owner, signature[name], _type(signature[name], function), value)


def required(kind: str, spec: Spec, skip: Iterable[str] = ()) -> list[str]:
    """Parameters without a default that a spec does not give."""
    known = inspect.signature(registry.load(kind, spec.name)).parameters.values()
    plain = [p for p in known if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and p.default is p.empty]
    return [p.name for p in plain if p.name not in spec.params and p.name not in set(skip)]


def _check(owner: str, parameter: inspect.Parameter, expected: Any, value: Any) -> None:
    """Raise if the parameter does not take the value."""
    if not _takes(expected, value, parameter.name in GROUPS):
        shown = f"the text {_shown(value)}" if isinstance(value, str) else _shown(value)
        message = f"{owner}: {parameter.name} must be {_words(expected)}, not {shown}"
        raise WrongValueError(parameter.name, message + _remedy(expected, value))
    default_is_number = isinstance(parameter.default, int | float) and not isinstance(parameter.default, bool)
    like_a_number = isinstance(value, str) and _number(value) is not None
    if parameter.annotation is parameter.empty and default_is_number and like_a_number:
        message = f"{owner}: {parameter.name} must be a number, not the text {_shown(value)}"
        raise WrongValueError(parameter.name, f"{message}{_remedy(float, value)}")


def _type(parameter: inspect.Parameter, target: Any) -> Any:
    """The annotation as a type; Any where it is absent or holds other names."""
    annotation = parameter.annotation
    if annotation is parameter.empty:
        return Any
    if not isinstance(annotation, str):
        return annotation
    try:
        own = vars(sys.modules[target.__module__])  # such as Keep = Literal["whole", "bonds"]
        return eval(annotation, {"__builtins__": {}}, {**own, **NAMES})
    except (NameError, SyntaxError, TypeError, AttributeError):
        return Any


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _takes(expected: Any, value: Any, group: bool) -> bool:
    """True if a parameter of this type takes the value; for a `group`, a number may stand for its name."""
    origin, inner = get_origin(expected), get_args(expected)
    if origin in (Union, UnionType):
        return any(_takes(part, value, group) for part in inner)
    if origin is Literal:
        return value in inner
    if expected in (None, NoneType):
        return value is None
    if expected is bool:
        return isinstance(value, bool)
    if expected is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if expected is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf
    if expected is str:
        number = group and isinstance(value, int | float) and not isinstance(value, bool)
        return isinstance(value, str) or number
    base = origin or expected
    if base in (Sequence, list, tuple):
        items = [part for part in inner if part is not Ellipsis] or [Any]
        return isinstance(value, list | tuple) and all(any(_takes(i, v, group) for i in items) for v in value)
    if base in (Mapping, dict):
        return isinstance(value, Mapping) and all(
            _takes(inner[1] if inner else Any, v, False) for v in value.values()
        )
    return True


def _words(expected: Any) -> str:
    """The type in words: ``a number or null``."""
    origin, inner = get_origin(expected), get_args(expected)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_words(part) for part in inner))
    if origin is Literal:
        return f"one of {', '.join(map(repr, inner))}"
    base = origin or expected
    if base in (Sequence, list, tuple):
        items = [part for part in inner if part is not Ellipsis]
        return (
            f"a list of {_words(items[0]).removeprefix('a ')}s" if items and items[0] in WORDS else "a list"
        )
    if base in (Mapping, dict):
        return "a mapping"
    return WORDS.get(expected, "null" if expected is None else "another value")


def _remedy(expected: Any, value: Any) -> str:
    """The value as it should be written, where that is certain."""
    parts = get_args(expected) if get_origin(expected) in (Union, UnionType) else (expected,)
    number = _number(value)
    if value in ("None", "none", "Null") and {None, NoneType} & set(parts):
        return "; write null"
    if bool in parts and str(value).lower() in ("yes", "on", "no", "off"):
        return f"; write {'true' if str(value).lower() in ('yes', 'on') else 'false'}"
    if number is not None and {int, float} & set(parts):
        whole = number.is_integer() and abs(number) < 1e15
        if whole or float in parts:
            return f"; write {int(number) if whole and (int in parts or abs(number) >= 1) else number!r}"
    if str in parts and isinstance(value, int | float) and not isinstance(value, bool):
        return f"; write '{value}'"
    if isinstance(value, str | int | float) and any(get_origin(p) in (Sequence, list, tuple) for p in parts):
        return f"; write [{value}]"
    return ""


def _number(value: Any) -> float | None:
    """The number that a value or text is meant to be: ``1e-3``, ``1_000``, ``0,5``."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(str(value).replace("_", "").replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
