"""A name is a file: ``load("estimators", "mace")`` is the one public name of ``estimators/mace.py``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["KINDS", "build", "load", "names", "parameters", "suggest", "summary"]

KINDS = ("estimators", "datasets", "splits", "metrics", "tasks", "checks", "samplers", "calculators")


def names(kind: str) -> list[str]:
    """The names of a kind, from its folder's files; nothing is imported."""
    return sorted(p.stem for p in (Path(__file__).parent / kind).glob("*.py") if not p.stem.startswith("_"))


def suggest(word: str, known: Iterable[str]) -> str:
    """``; there are [...]; did you mean 'mace'?``"""
    known = sorted(known)
    near = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; there are {known}" + (f"; did you mean {near[0]!r}?" if near else "")


def load(kind: str, name: str) -> Callable[..., Any]:
    """The class or function of a name; ``package.module:Name`` is anybody's.

    Raises
    ------
    LookupError
        There is no such name.
    """
    if ":" in name:
        module, _, attribute = name.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except (ModuleNotFoundError, AttributeError) as error:
            raise LookupError(f"no {kind.removesuffix('s')} {name!r}: {error}") from error
    if name not in names(kind):
        raise LookupError(f"no {kind.removesuffix('s')} {name!r}{suggest(name, names(kind))}")
    module_ = import_module(f"mlffbench.{kind}.{name}")
    (public,) = module_.__all__  # one file, one public name
    return getattr(module_, public)


def parameters(thing: Callable[..., Any], skip: Iterable[str] = ()) -> dict[str, Any]:
    """Keyword names and defaults (``inspect.Parameter.empty`` where one is required)."""
    signature = inspect.signature(thing)
    return {p.name: p.default for p in signature.parameters.values() if p.name not in skip}


def build(kind: str, name: str, params: Mapping[str, Any], skip: Iterable[str] = ()) -> Callable[..., Any]:
    """``load``, after checking that every keyword is one the thing knows.

    Raises
    ------
    LookupError
        Unknown name or keyword.
    """
    thing = load(kind, name)
    known = parameters(thing, skip)
    for word in params:
        if word not in known:
            raise LookupError(
                f"{kind.removesuffix('s')} {name!r} has no parameter {word!r}{suggest(word, known)}"
            )
    return thing


def summary(thing: Callable[..., Any]) -> str:
    """The first line of the docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]
