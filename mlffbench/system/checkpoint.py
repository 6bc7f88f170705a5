"""Checkpoints: finished parts of a long computation on disk, so that a killed run can resume."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

from mlffbench.system import earlier_work
from mlffbench.system.atomic_write import atomic_write

__all__ = ["empty", "folder", "keep_in", "keep_in_part", "read", "resumed", "write"]

_folder: ContextVar[Callable[[], Path] | None] = ContextVar("folder", default=None)


def folder() -> Path | None:
    """The current checkpoint folder, which need not exist yet; None if nothing is kept."""
    current = _folder.get()
    return None if current is None else current()


@contextmanager
def keep_in(path: Path | None) -> Iterator[None]:
    """Use this folder for the checkpoints made inside the ``with`` block."""
    token = _folder.set(None if path is None else lambda: path)
    try:
        yield
    finally:
        _folder.reset(token)


@contextmanager
def keep_in_part(name: Callable[[], str]) -> Iterator[None]:
    """Use a folder inside the current one; its name is computed when something is first looked for there."""
    outer = _folder.get()
    token = _folder.set(None if outer is None else cache(lambda: outer() / name()))
    try:
        yield
    finally:
        _folder.reset(token)


def resumed(name: str, work: Callable[[], Any], least_seconds: float = 0.0) -> Any:
    """Return the value of `work` (plain JSON): from its checkpoint, else computed and written.

    Without `keep_in` it is computed and not written. Checkpoints that `work` makes itself lie in a folder of
    its own, which is removed when its value is written.

    Parameters
    ----------
    name : str
    work : callable
    least_seconds : float
        A value that took less time is not written, s.
    """
    current = folder()
    if current is None:
        return work()
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    stem = f"{re.sub(r'[^A-Za-z0-9]+', '_', name)[:60]}-{digest}"
    match read(current / f"{stem}.json"):
        case ({"value": value, "work": work},):
            earlier_work.note(work)
            return value
    start, before = monotonic(), earlier_work.seconds()
    with keep_in(current / stem):
        value = work()
    seconds = monotonic() - start + earlier_work.seconds() - before
    if seconds >= least_seconds:
        write(current / f"{stem}.json", {"value": value, "work": earlier_work.stamp(seconds)})
        shutil.rmtree(current / stem, ignore_errors=True)
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


def empty(folder: Path, only: str = "*", but: str | None = None) -> None:
    """Remove the content of a folder, but not the folder, which the run may have locked.

    Parameters
    ----------
    folder : Path
    only, but : str, optional
        Patterns of names to remove, and not to remove.
    """
    for old in folder.glob(only) if folder.is_dir() else ():
        if but is None or not old.match(but):
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
