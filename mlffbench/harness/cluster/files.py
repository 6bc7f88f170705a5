"""Files of a folder as bytes, for workers that do not see the results folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mlffbench.system.atomic_write import atomic_write

__all__ = ["is_visible", "read_files", "write_files"]


def is_visible(folder: Path) -> bool:
    """True for a folder that is here, too, and can be written; its name is random, so it is no other."""
    return folder.is_dir() and os.access(folder, os.W_OK)


def read_files(folder: Path) -> dict[str, bytes]:
    """Content of all files below a folder, by their paths in it; nothing is read through links."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def write_files(folder: Path, files: Mapping[str, bytes], last: str = "") -> None:
    """Write files below a folder; the one named `last` after all others.

    Raises
    ------
    ValueError
        A path leads out of the folder.
    """
    for name in sorted(files, key=lambda name: name == last):
        if os.path.isabs(name) or ".." in Path(name).parts:
            raise ValueError(f"{name!r} leads out of {folder}")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(folder / name) as file:
            file.write(files[name])
