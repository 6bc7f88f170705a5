"""Door to code that files name: our own names, and what the user trusts of other packages."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from mlffbench.data import Dataset, Split
from mlffbench.registry.own_names import is_public, load_own, suggest
from mlffbench.registry.own_names import names as own_names
from mlffbench.registry.plugins import plugin, plugin_names
from mlffbench.registry.trusted import is_trusted, remedy

__all__ = ["FOREIGN", "is_plugin_class", "load", "names"]

FOREIGN = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<attribute>[A-Za-z_]\w*)", re.ASCII)


@runtime_checkable
class Calculator(Protocol):
    """Calculator of ASE, as far as it is used here."""

    def get_property(self, name: str) -> Any: ...


RETURNED: dict[str, type] = {"datasets": Dataset, "splits": Split, "calculators": Calculator}


def names(kind: str) -> list[str]:
    """List the names of a kind, our own and those that installed packages add; nothing is imported."""
    return sorted((*own_names(kind), *plugin_names(kind)))


def load(kind: str, name: str) -> Callable[..., Any]:
    """Import the class or function of a name, or of a ``package.module:Name`` that the user trusts.

    A name that an installed package adds needs no trust beyond its installation.

    Raises
    ------
    LookupError
        There is no such name, its module is not trusted, or it is nothing of this kind.
    """
    if ":" in name:
        return _foreign(kind, name)
    if name in own_names(kind):
        return load_own(kind, name)
    code = plugin(kind, name)
    if code is None:
        raise LookupError(
            f"no {kind.removesuffix('s')} {name!r}{suggest(name, names(kind), f'mlffbench list {kind}')}"
        )
    return _of_kind(kind, _imported(kind, code), code)


def is_plugin_class(name: str) -> bool:
    """True if ``module:Name`` is the class of an estimator that an installed package adds."""
    package = name.partition(":")[0].partition(".")[0]
    for added in plugin_names("estimators"):
        if str(plugin("estimators", added)).partition(":")[0].partition(".")[0] == package:
            target = load("estimators", added)
            if f"{target.__module__}:{target.__qualname__}" == name:
                return True
    return False


def _foreign(kind: str, name: str) -> Callable[..., Any]:
    """Import ``package.module:Name`` if it is trusted and of this kind; nothing is called."""
    called = f"{kind.removesuffix('s')} {name!r}"
    match = FOREIGN.fullmatch(name)
    if match is None:
        raise LookupError(f"no {called}; code of other packages is written package.module:Name")
    module = match["module"]
    _check_trusted(kind, name, module, f"{called} is code of the module {module!r}")
    target = _imported(kind, name)
    home = getattr(target, "__module__", None) or "builtins"
    own = f"{home}:{getattr(target, '__name__', '')}"
    _check_trusted(kind, own, home, f"{called} stands there, but is code of the module {home!r}")
    return _of_kind(kind, target, name)


def _imported(kind: str, name: str) -> Callable[..., Any]:
    """Import ``package.module:Name``."""
    module, _, attribute = name.partition(":")
    try:
        target = getattr(import_module(module), attribute)
        inspect.signature(target)
    except Exception as error:  # whatever their module raises
        raise LookupError(f"no {kind.removesuffix('s')} {name!r}: {error}") from error
    return target


def _of_kind(kind: str, target: Any, name: str) -> Callable[..., Any]:
    """The class or function, if it can be something of this kind; what a function returns is checked."""
    called = f"{kind.removesuffix('s')} {name!r}"
    if not _is_of(kind, target):
        raise LookupError(f"{called} is not {_wanted(kind)}")
    if isinstance(target, type) or kind not in RETURNED:
        return target
    return _checked(target, RETURNED[kind], called)


def _check_trusted(kind: str, name: str, module: str, what: str) -> None:
    """Refuse code that is not trusted; of our own modules only the public names of the kind are at choice."""
    if is_public(kind, name):
        return
    if module.partition(".")[0] == "mlffbench":
        raise LookupError(
            f"no {kind.removesuffix('s')} {name!r}{suggest(name, names(kind), f'mlffbench list {kind}')}"
        )
    if not is_trusted(module):
        stranger = "a file from a stranger may name any program"
        raise LookupError(f"{what}, not mlffbench's: {stranger}; {remedy(module)}")


def _is_of(kind: str, target: Any) -> bool:
    """True if a class or function can be something of this kind."""
    if kind == "estimators":
        base = getattr(sys.modules.get("mlffbench.forcefield"), "ForceField", ())
        return isinstance(target, type) and issubclass(target, base)
    return kind == "calculators" and hasattr(target, "get_property") if isinstance(target, type) else True


def _wanted(kind: str) -> str:
    classes = {"estimators": "a class derived from ForceField", "calculators": "an ASE calculator"}
    return classes.get(kind, "a function")


def _checked(function: Callable[..., Any], expected: type, called: str) -> Callable[..., Any]:
    """The function, which raises a ValueError where it returns something else."""

    @wraps(function)
    def call(*args: Any, **params: Any) -> Any:
        value = function(*args, **params)
        if not isinstance(value, expected):
            raise ValueError(f"{called} returned a {type(value).__name__}, not a {expected.__name__}")
        return value

    return call
