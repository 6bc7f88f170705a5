"""Checkpoints: finished parts of a long computation on disk, so that a killed run can resume."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from mlffbench.system.atomic_write import atomic_write

__all__ = ["folder", "keep_in", "resumed"]

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
    if file.exists():
        return json.loads(file.read_text(encoding="utf-8"))
    value = work()
    with atomic_write(file) as out:
        out.write(json.dumps(value).encode())
    return value
