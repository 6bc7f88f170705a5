"""Checkpoints: finished parts of a long computation on disk, so that a killed run can resume."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from mlffbench.system.atomic_write import atomic_write

__all__ = ["empty", "folder", "keep_in", "read", "resumed", "write"]

_folder: ContextVar[Path | None] = ContextVar("folder", default=None)


def folder() -> Path | None:
    """The current checkpoint folder; None if nothing is kept."""
    return _folder.get()


@contextmanager
def keep_in(path: Path | None) -> Iterator[None]:
    """Use this folder for the checkpoints made inside the ``with`` block."""
    token = _folder.set(path)
    try:
        yield
    finally:
        _folder.reset(token)


def resumed(name: str, work: Callable[[], Any]) -> Any:
    """Return the value of `work` (plain JSON): from its checkpoint, else computed and written.

    Without `keep_in` it is computed and not written.
    """
    current = folder()
    if current is None:
        return work()
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    file = current / f"{re.sub(r'[^A-Za-z0-9]+', '_', name)[:60]}-{digest}.json"
    kept = read(file)
    if kept is not None:
        return kept[0]
    value = work()
    write(file, value)
    return value


def write(file: Path, value: Any) -> None:
    """Write plain JSON below its digest."""
    text = json.dumps(value).encode()
    with atomic_write(file) as out:
        out.write(f"{hashlib.sha256(text).hexdigest()}\n".encode() + text)


def read(file: Path) -> tuple[Any] | None:
    """Read the value that `write` wrote, in a tuple; None if it is missing, damaged or was changed."""
    try:
        digest, _, text = file.read_bytes().partition(b"\n")
    except OSError:
        return None
    return (json.loads(text),) if hashlib.sha256(text).hexdigest().encode() == digest else None


def empty(folder: Path) -> None:
    """Remove the content of a folder, but not the folder, which the run may have locked."""
    for old in folder.iterdir() if folder.is_dir() else ():
        shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
