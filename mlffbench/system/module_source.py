"""Source files of modules that are named but not imported."""

from __future__ import annotations

from importlib.machinery import PathFinder
from pathlib import Path

__all__ = ["source_file"]


def source_file(module: str) -> Path | None:
    """Source file of ``package.module``, found on the path without running any of it; None without one.

    Examples
    --------
    >>> source_file("json.decoder").name, source_file("cuda")
    ('decoder.py', None)
    """
    folders, spec = None, None
    for name in module.split("."):
        spec = PathFinder.find_spec(name, folders) if name.isidentifier() else None
        if spec is None:
            return None
        folders = spec.submodule_search_locations or []
    file = Path(spec.origin) if spec is not None and spec.origin else None
    return file if file is not None and file.is_file() else None
