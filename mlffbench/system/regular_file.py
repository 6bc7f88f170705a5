"""Regular files, told from pipes and devices, whose reading may never end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

__all__ = ["check_regular", "read_bytes", "without_links"]

KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def check_regular(file: Path | str) -> None:
    """Refuse what is no regular file before it is opened; links are followed.

    Raises
    ------
    OSError
        There is no such file, or it is a directory, pipe, socket or device.
    """
    mode = os.stat(file).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    if not stat.S_ISREG(mode):
        kind = KINDS.get(stat.S_IFMT(mode), "no regular file")
        raise OSError(errno.EINVAL, f"it is {kind}; save its content as a file", str(file))


def read_bytes(file: Path | str, most: int) -> bytes:
    """Read a regular file of at most `most` bytes.

    Raises
    ------
    OSError
        It cannot be read, or is no regular file.
    ValueError
        It is larger.
    """
    check_regular(file)
    with Path(file).open("rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{file} has more than the {most / 1e6:g} MB that such a file may have")
    return content


def without_links(file: str, flags: int) -> int:
    """Open a file, but not what a link in its place points to: an opener for ``open``.

    Raises
    ------
    OSError
        It is a link, or cannot be opened.
    """
    if os.path.islink(file):
        raise OSError(errno.ELOOP, "it is a link, and nothing is written through links", file)
    more = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.open(file, flags | more, 0o666)
