"""Environment of a case: that of the row, above that of the method."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.harness.planning.row import Environment, Row
from mlffbench.system.python_environment import is_version

__all__ = ["environment_of", "untrusted"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # of a package, at the start of a requirement


def untrusted(environment: Environment, row: Row | None = None) -> Iterator[str]:
    """Yield refusals of an interpreter and of packages that the user does not trust.

    An installation runs code of the package. What the method of the row itself names is as trusted as that.
    """
    python = environment.python
    foreign = python is not None and not is_version(python) and python != sys.executable
    if foreign and not registry.is_trusted_file(str(python)):
        yield f"{python!r} would compute the cases; {registry.remedy(str(python))}"
    own = _of_method("estimators", row.spec).get("requirements", ()) if row else ()
    for text in environment.requirements or ():
        name = _package(text)
        if name is None:
            yield f"{text!r} is no package; options of pip belong into its own settings"
        elif text not in own and not registry.is_trusted_file(name):
            yield f"{text!r} would be installed, which runs code of it; {registry.remedy(name)}"


def _package(requirement: str) -> str | None:
    """Package that a requirement names, or its whole text if that says where it lies; None for neither."""
    name = NAME.match(requirement)
    return requirement if name and re.search(r"[@/:\\]", requirement) else name and name.group()


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
    """
    default, own = _of_method("estimators", row.spec), {}
    if isinstance(row.environment, Environment):
        own = row.environment.given()
    elif row.environment is not None:
        if row.environment not in named:
            suggestion = registry.suggest(row.environment, named)
            raise LookupError(f"no environment {row.environment!r}{suggestion}")
        own = {"name": row.environment, **named[row.environment].given()}
    if "requirements" in own:
        default.pop("without_dependencies", None)
    return {**default, **own} or None


def _of_method(kind: str, spec: Spec) -> dict[str, Any]:
    """Environment that a method brings along, or that of the methods that it is made of.

    Empty if these need several, or one of them packages that the environment of another does not name: then
    each is computed in its own (`mlffbench.system.elsewhere`), and the row here.
    """
    methods = list(_methods(kind, spec))
    with_own = [method for method in methods if getattr(method, "environment", None)]
    there, needed = (
        {name for method in some for name in getattr(method, "requires", ())} for some in (with_own, methods)
    )
    several = [dict(method.environment) for method in with_own]
    is_one = all(environment == several[0] for environment in several)
    return several[0] if several and is_one and needed <= there else {}


def _methods(kind: str, spec: Spec) -> Iterator[Any]:
    """Yield a method and those that it is made of."""
    target = registry.load(kind, spec.name)
    yield target
    for word, kinds in registry.parts(target).items():
        if isinstance(value := spec.params.get(word), str | Mapping):
            inner, name, params = registry.resolve(value, kinds)
            yield from _methods(inner, Spec(name, params))
