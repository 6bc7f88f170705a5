"""Versions of installed packages."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version

__all__ = ["versions"]


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The version of each package that is installed, by its name."""
    return {name: number for name in packages if (number := _version(name)) is not None}


@cache  # the file system is searched for each
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
