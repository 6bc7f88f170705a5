"""Locks of environments in a results folder: ``environments/<digest>.txt``, packages with versions."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mlffbench.harness.documents.attachments import no_link
from mlffbench.system.atomic_write import atomic_write

__all__ = ["keep_lock"]


def keep_lock(folder: Path, lock: str) -> Path:
    """Write a lock into a results folder, unless it is there; documents name it by its SHA-256."""
    file = no_link(folder / "environments") / f"{hashlib.sha256(lock.encode()).hexdigest()}.txt"
    if not file.is_file():
        with atomic_write(file) as written:
            written.write(lock.encode())
    return file
