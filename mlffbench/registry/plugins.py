"""Names that installed packages add: their entry points in the groups ``mlffbench.estimators`` and so on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from mlffbench.registry.own_names import names as own_names

__all__ = ["plugin", "plugin_names", "provider"]

NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)


def plugin_names(kind: str) -> list[str]:
    """List the names of a kind that other packages add; nothing of theirs is imported."""
    return sorted(_plugins(kind))


def plugin(kind: str, name: str) -> str | None:
    """``package.module:Name`` of a name that another package adds; None if none does.

    Raises
    ------
    LookupError
        Several packages add the name.
    """
    points = _plugins(kind).get(name, ())
    codes = sorted({point.value.replace(" ", "") for point in points})
    if len(codes) > 1:
        packages = ", ".join(sorted(_package(point) for point in points))
        called = f"{kind.removesuffix('s')} {name!r}"
        raise LookupError(f"several packages add the {called}: {packages}; write one of {codes} instead")
    return codes[0] if codes else None


def provider(kind: str, name: str) -> str | None:
    """Name and version of the package that adds a name: ``my-package 0.1``; None if none does."""
    points = _plugins(kind).get(name, ())
    return _package(points[0]) if points else None


@cache
def _plugins(kind: str) -> Mapping[str, tuple[EntryPoint, ...]]:
    """Entry points of a kind, without our own names and packages that only lie in the working folder."""
    own, here = set(own_names(kind)), Path.cwd()
    points: dict[str, tuple[EntryPoint, ...]] = {}
    for point in entry_points(group=f"mlffbench.{kind}"):
        if NAME.fullmatch(point.name) and point.name not in own and _folder(point) != here:
            points[point.name] = (*points.get(point.name, ()), point)
    return points


def _folder(point: EntryPoint) -> Path | None:
    """Folder that the package of an entry point is installed in."""
    return None if point.dist is None else Path(str(point.dist.locate_file(""))).resolve()


def _package(point: EntryPoint) -> str:
    return "unknown" if point.dist is None else f"{point.dist.name} {point.dist.version}"
