"""Files of leases, ``<name>.<generation>``: a line that names the owner, and a number that it changes."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from pathlib import Path

__all__ = ["change", "create", "generation_path", "generations", "head", "lease_names", "read", "remove"]

GENERATION = re.compile(r"[1-9][0-9]{0,8}")
LARGEST = 4096  # bytes
ATTEMPTS = 100
NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def generation_path(place: Path, generation: int) -> Path:
    return place.with_name(f"{place.name}.{generation}")


def generations(place: Path) -> list[int]:
    """Generations of a lease, in order.

    Parameters
    ----------
    place : Path
        Path of its files, without the generation.
    """
    return sorted(generation for name, generation in _files(place.parent) if name == place.name)


def lease_names(folder: Path) -> set[str]:
    """Names of the leases that have files in a folder."""
    return {name for name, _ in _files(folder)}


def _files(folder: Path) -> list[tuple[str, int]]:
    """Names and generations of the files in a folder."""
    try:
        parts = [name.rpartition(".") for name in os.listdir(folder)]
    except FileNotFoundError:
        return []
    return [(name, int(last)) for name, _, last in parts if name and GENERATION.fullmatch(last)]


def create(path: Path, owner: bytes) -> bool:
    """Create a file that did not exist; False if another process was faster.

    Raises
    ------
    OSError
        The folder cannot be written, is a link, or is full.
    """
    if path.parent.is_symlink():
        raise OSError(errno.ELOOP, "it is a link, and nothing is written through links", str(path.parent))
    for _ in range(ATTEMPTS):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINK, 0o666)
        except FileExistsError:
            return False
        except FileNotFoundError:  # the last owner has removed the empty folder
            continue
        try:
            os.write(descriptor, owner + _number(0))
        except OSError:
            remove(path)
            raise
        finally:
            os.close(descriptor)
        return True
    return False


def read(path: Path) -> bytes | None:
    """Content of a file; None if it has been removed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | NO_LINK)
    except FileNotFoundError:
        return None
    except OSError as error:
        return None if error.errno == errno.ESTALE else b""
    try:
        return os.read(descriptor, LARGEST)
    except OSError:  # no regular file
        return b""
    finally:
        os.close(descriptor)


def head(content: bytes | None) -> bytes:
    """The line that names the owner."""
    first, end, _ = (content or b"").partition(b"\n")
    return first + end


def change(path: Path, owner: bytes, number: int) -> bool:
    """Write another number; False if the file is no longer the owner's.

    Raises
    ------
    OSError
        It cannot be written at the moment.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | NO_LINK)
    except FileNotFoundError:
        return False
    try:
        if head(os.read(descriptor, LARGEST)) != owner:
            return False
        os.lseek(descriptor, len(owner), os.SEEK_SET)
        os.write(descriptor, _number(number))
    finally:
        os.close(descriptor)
    return True


def remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _number(number: int) -> bytes:
    return f"{number:020d}\n".encode()
