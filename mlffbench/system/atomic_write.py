"""Atomic file write: temporary file, fsync, rename."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl

__all__ = ["atomic_write", "remove_parts"]


@contextmanager
def atomic_write(
    target: Path, durable: bool = True, allowed: Callable[[], object] = bool
) -> Iterator[BinaryIO]:
    """Open a temporary file; rename it to `target` when the ``with`` block ends without an error.

    The temporary file is new, with a random name: no file or link that lies there is opened. A link at
    `target` is replaced, not followed.

    Parameters
    ----------
    durable : bool
        Wait for the disk. A file that is not durable survives this process, but not the loss of the machine.
    allowed : callable
        Called just before the rename; an exception that it raises prevents it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.stem[:40]}.{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            with suppress(OSError):  # a file system without locks: nobody takes the file for a dead one's
                _lock(file)
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
            if sys.platform == "win32":
                file.close()  # no open file can be renamed there
            allowed()
            os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def remove_parts(folder: Path) -> None:
    """Remove the temporary files of a folder that no living process writes, and links of such names."""
    for part in folder.glob("*.part"):
        with suppress(OSError):
            if part.is_symlink():
                part.unlink()
            elif part.is_file():
                with part.open("rb") as file:
                    _lock(file)
                    part.unlink()


def _lock(file: BinaryIO) -> None:
    """Hold a file until it is closed; the kernel lets go of it when the process dies.

    Raises
    ------
    OSError
        Another process holds it.
    """
    if sys.platform != "win32":
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
