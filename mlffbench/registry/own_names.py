"""Our own names: a name is a file with one public class or function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["FOLDERS", "KINDS", "is_public", "load_own", "names", "suggest"]

KINDS = (
    "estimators", "datasets", "splits", "metrics", "tasks", "checks", "samplers", "calculators", "executors",
)  # fmt: skip
FOLDERS = {
    "checks": "datasets/checks",
    "samplers": "labelling/samplers",
    "calculators": "labelling/calculators",
    "executors": "harness/executors",
}  # of the kinds that do not lie on the top floor

LONG_LIST = 8  # names that a sentence can hold


def names(kind: str) -> list[str]:
    """List the names of a kind from the files of its folder; nothing is imported."""
    return list(_names(kind))


@cache
def _names(kind: str) -> tuple[str, ...]:
    """The same; a package's files stay as they are while it runs, and every lookup of a name asks."""
    folder = Path(__file__).parents[1] / FOLDERS.get(kind, kind)
    return tuple(sorted(p.stem for p in folder.glob("*.py") if not p.stem.startswith("_")))


def suggest(word: str, known: Iterable[str], command: str | None = None) -> str:
    """Complete an error message: the nearest word first, then the others.

    Parameters
    ----------
    command : str, optional
        A command that prints the known words, named in place of a long list.

    Examples
    --------
    >>> suggest("lenght", ["length", "width"]), suggest("colour", ["length", "width"])
    ("; did you mean 'length'? There are ['length', 'width']", "; there are ['length', 'width']")
    """
    known = sorted(known)
    lower = {str(name).lower(): name for name in known}
    near = [lower[name] for name in get_close_matches(str(word).lower(), lower, n=1, cutoff=0.5)]
    if not near:
        return f"; there are {known}"
    if len(known) <= LONG_LIST:
        return f"; did you mean {near[0]!r}? There are {known}"
    more = f" '{command}' names all {len(known)}" if command else f" There are {len(known)}"
    return f"; did you mean {near[0]!r}?{more}"


def load_own(kind: str, name: str) -> Callable[..., Any]:
    """Import the class or function of a name.

    Raises
    ------
    LookupError
        There is no such name.
    """
    if name not in names(kind):
        others = suggest(name, names(kind), f"mlffbench list {kind}")
        raise LookupError(f"no {kind.removesuffix('s')} {name!r}{others}")
    module_ = import_module(f"mlffbench.{FOLDERS.get(kind, kind).replace('/', '.')}.{name}")
    (public,) = module_.__all__  # one file, one public name
    return getattr(module_, public)


def is_public(kind: str, name: str) -> bool:
    """True if ``module:Name`` is one of our own public names of a kind."""
    module, _, attribute = name.partition(":")
    folder, _, file = module.rpartition(".")
    ours = folder == f"mlffbench.{FOLDERS.get(kind, kind).replace('/', '.')}" and file in names(kind)
    return ours and load_own(kind, file).__name__ == attribute
