"""Card, files and availability of a dataset that is not loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import ModuleType
from typing import Any

from mlffbench import registry
from mlffbench.data import Spec

__all__ = ["absence", "card_of", "module_of", "own_paths", "sources_of", "where"]

MB = 1e6
OWN = "path"  # the dataset of a user's own files


def module_of(spec: Spec) -> ModuleType:
    """Module of a dataset, after checking its name and keywords.

    Raises
    ------
    LookupError
        Unknown name or keyword.
    """
    function = registry.build("datasets", spec.name, spec.params)
    return import_module(function.__module__)


def sources_of(spec: Spec) -> tuple[Any, ...]:
    """Public files of a dataset with these parameters; an empty list if it has none."""
    listing = getattr(module_of(spec), "sources", None)
    if listing is None:
        return ()
    known = registry.parameters(listing)
    return tuple(listing(**{k: v for k, v in spec.params.items() if k in known}))


def card_of(name: str, module: ModuleType) -> Mapping[str, Any]:
    """Card of a dataset without loading it: the module's ``CARD``, or the JSON file of built-in data."""
    if hasattr(module, "CARD"):
        return module.CARD
    beside = _beside(name)
    return json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else {}


def own_paths(spec: Spec) -> tuple[str, ...]:
    """Paths of a user's own files as the suite names them, patterns as such; none of another dataset."""
    if spec.name != OWN:
        return ()
    tests = spec.params.get("tests")
    named = [spec.params.get("path"), *(tests.values() if isinstance(tests, Mapping) else ())]
    flat = [own for places in named for own in ([places] if isinstance(places, str) else places or ())]
    isolated = spec.params.get("isolated_atoms")
    return (*map(str, flat), *([isolated] if isinstance(isolated, str) else ()))


def _beside(name: str) -> Traversable:
    return files("mlffbench.datasets") / "builtin" / f"{name}.json"


def where(spec: Spec, sources: tuple[Any, ...]) -> str:
    """Availability: ``built in``, ``computed``, ``here`` or ``to download, 4.1 MB``."""
    if spec.name == OWN:
        return "your own files"
    if not sources:
        return "built in" if _beside(spec.name).is_file() else "computed"
    return absence(sources) or "here"


def absence(sources: tuple[Any, ...]) -> str | None:
    """Files that are not on this machine, ``to download, 4.1 MB``; None if all are."""
    absent = [s for s in sources if not s.is_here]
    if not absent:
        return None
    sizes = [s.size for s in absent]
    much = "" if None in sizes else f", {sum(sizes) / MB:.1f} MB"
    some = "" if len(absent) == len(sources) else f"{len(absent)} of {len(sources)} files "
    return f"{some}to download{much}"
