"""Environment of a case: that of the row, above that of the method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.harness.planning.row import Environment, Row

__all__ = ["environment_of"]


def environment_of(row: Row, named: Mapping[str, Environment]) -> dict[str, Any] | None:
    """Environment of a row as plain JSON; None for this Python.

    A row says what differs from its method's own environment: ``{python: ...}`` is another place with the
    same packages.

    Parameters
    ----------
    named : mapping of str to Environment
        Environments of the suite.

    Raises
    ------
    LookupError
        No environment has the row's name.
    ValueError
        Two methods inside the row's need different environments.
    """
    default, own = _of_method("estimators", row.spec), {}
    if isinstance(row.environment, Environment):
        own = row.environment.given()
    elif row.environment is not None:
        if row.environment not in named:
            suggestion = registry.suggest(row.environment, named)
            raise LookupError(f"no environment {row.environment!r}{suggestion}")
        own = {"name": row.environment, **named[row.environment].given()}
    return {**default, **own} or None


def _of_method(kind: str, spec: Spec) -> dict[str, Any]:
    """Environment that a method brings along, or one of the methods that it is made of."""
    target = registry.load(kind, spec.name)
    several = [dict(getattr(target, "environment", None) or {})]
    for word, kinds in registry.parts(target).items():
        if isinstance(value := spec.params.get(word), str | Mapping):
            inner_kind, name, params = registry.resolve(value, kinds)
            several.append(_of_method(inner_kind, Spec(name, params)))
    several = [environment for environment in several if environment]
    if any(environment != several[0] for environment in several):
        names = " and ".join(dict.fromkeys(str(environment.get("name")) for environment in several))
        raise ValueError(f"{spec.name} is made of methods of different environments: {names}")
    return several[0] if several else {}
