"""Finished pieces of a long computation on disk: what was killed goes on where it stopped."""

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

__all__ = ["folder", "keep_in", "kept"]

_folder: ContextVar[Path | None] = ContextVar("folder", default=None)


def folder() -> Path | None:
    """Where pieces are kept; None: nowhere."""
    return _folder.get()


@contextmanager
def keep_in(place: Path | None) -> Iterator[None]:
    """Keep what is `kept` inside the ``with`` block in this folder."""
    token = _folder.set(place)
    try:
        yield
    finally:
        _folder.reset(token)


def kept(name: str, work: Callable[[], Any]) -> Any:
    """The value of `work`, plain JSON: from disk if it was finished before, else computed and written whole.

    Without `keep_in` it is computed and not kept.
    """
    place = folder()
    if place is None:
        return work()
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    file = place / f"{re.sub(r'[^A-Za-z0-9]+', '_', name)[:60]}-{digest}.json"
    if file.exists():
        return json.loads(file.read_text(encoding="utf-8"))
    value = work()
    with atomic_write(file) as out:
        out.write(json.dumps(value).encode())
    return value
