"""Values of a suite's entries against the constraints of the parameters that take them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.system.constraints import Constraint, constraints

__all__ = [
    "WrongValueError",
    "check_arguments",
    "check_parameters",
    "check_values",
    "required",
    "spec_faults",
    "value_faults",
]


class WrongValueError(LookupError):
    """A value of the wrong type or out of range; `parameter` names the parameter of the outermost spec."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


def value_faults(kind: str, spec: Spec, skip: Iterable[str] = ()) -> Iterator[registry.Fault]:
    """Paths in the spec, and sentences on the values that do not fit there; specs inside are read too.

    Parameters without an annotation are judged by their default: a number, and the text looks like one.
    """
    target = registry.load(kind, spec.name)
    known, nested, skipped = constraints(target), registry.parts(target), set(skip)
    for name, value in spec.params.items():
        if name in nested:
            yield from _nested_faults(spec.name, name, value, nested[name], known[name])
        elif name in known and name not in skipped:
            for path, sentence in known[name].faults(value):
                yield (spec.name, name, *path), f"{spec.name}: {name} {sentence}"


def _nested_faults(
    owner: str, name: str, value: Any, kinds: tuple[str, ...], constraint: Constraint
) -> Iterator[registry.Fault]:
    """Faults of a spec inside a spec."""
    if value is None and constraint.default is None:
        return
    if not isinstance(value, str | Mapping):
        message = f"{owner}: {name} must be a name, or 'name: {{keyword: value}}', not {value!r:.80}"
        yield (owner, name), message
        return
    try:
        kind, inner, params = registry.resolve(value, kinds)
        inside = list(value_faults(kind, Spec(inner, params)))
    except LookupError:  # a fault of names, see `registry.faults`
        return
    for path, sentence in inside:
        yield (owner, name, *registry.wrapper(value, kind, inner), *path), sentence


def spec_faults(kind: str, spec: Spec, skip: Iterable[str] = ()) -> list[registry.Fault]:
    """Paths in a spec, and sentences on names, keywords, values and missing keywords."""
    faults = list(registry.faults(kind, spec.name, spec.params, skip))
    if any(path == () for path, _ in faults):
        return faults
    faults += value_faults(kind, spec, skip)
    missing = [] if kind == "metrics" or ":" in spec.name else required(kind, spec, skip)
    return faults + ([((), f"{kind.removesuffix('s')} {spec.name!r} needs {missing}")] if missing else [])


def check_values(kind: str, spec: Spec, skip: Iterable[str] = ()) -> None:
    """Refuse texts where numbers belong, and other values that an annotation excludes.

    Raises
    ------
    WrongValueError
        A value has another type than its parameter, or is out of its range.
    """
    for path, message in value_faults(kind, spec, skip):
        raise WrongValueError(str(path[1]), message)


def check_parameters(target: type, values: Mapping[str, Any]) -> None:
    """Refuse values of a class's own parameters that a suite could not give either.

    Raises
    ------
    ValueError
        A value has another type than its parameter, or is out of its range.
    """
    known, nested = constraints(target), registry.parts(target)
    for name, value in values.items():
        given_by_sklearn = isinstance(value, np.random.RandomState)  # in place of a seed
        if name in known and name not in nested and not given_by_sklearn:
            for _, sentence in known[name].faults(value):
                raise ValueError(f"{name} {sentence}")


def check_arguments(owner: str, function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Refuse values that the annotations of a function's parameters exclude.

    Raises
    ------
    WrongValueError
        A value has another type than its parameter.
    """
    known = constraints(function)
    for name, value in given.items():
        for _, sentence in known[name].faults(value):
            raise WrongValueError(name, f"{owner}: {name} {sentence}")


def required(kind: str, spec: Spec, skip: Iterable[str] = ()) -> list[str]:
    """Parameters without a default that a spec does not give."""
    known = constraints(registry.load(kind, spec.name)).items()
    plain = [name for name, constraint in known if constraint.default is inspect.Parameter.empty]
    return [name for name in plain if name not in spec.params and name not in set(skip)]
