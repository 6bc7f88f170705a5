"""Locks of folders that the kernel releases when their owner dies; no file is left behind."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["claim"]

ATTEMPTS = 100


@contextmanager
def claim(folder: Path) -> Iterator[bool]:
    """Create a folder and hold it alone inside the ``with`` block; False if another process holds it.

    The owner may remove the folder. A file system without locks claims nothing and refuses nothing.

    Raises
    ------
    OSError
        The folder cannot be created, or a link stands in its place.
    """
    held = _claimed(folder)
    try:
        yield held is not None
    finally:
        if held is not None:
            os.close(held)


def _claimed(folder: Path) -> int | None:
    """File descriptor that holds the folder; None if another process holds it."""
    if folder.parent.is_symlink():
        raise OSError(errno.ELOOP, "it is a link, and nothing is written through links", str(folder.parent))
    for attempt in range(ATTEMPTS):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except (FileNotFoundError, FileExistsError):  # its last owner is removing it
            if attempt == ATTEMPTS - 1:
                raise
            continue
        if not _locked(held):
            os.close(held)
            return None
        if _is_at(held, folder):
            return held
        os.close(held)
    return None


def _locked(held: int) -> bool:
    """Lock without waiting; False if another process holds the lock."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _is_at(held: int, folder: Path) -> bool:
    """True unless the folder has been removed, or replaced, since it was opened."""
    try:
        return os.path.samestat(os.fstat(held), os.lstat(folder))
    except FileNotFoundError:
        return False
