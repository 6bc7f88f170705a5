"""Log file of a case: all that its process prints, with times, and how far it has come."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from mlffbench.system.plain_text import plain_text, shortened

__all__ = ["CaseLog"]

LARGEST = 1_000_000  # bytes; of what comes later only the end is kept
LAST_LINES, LONGEST_LINE = 100, 2_000
MINUTE = 60.0  # s, between lines of one stage


class CaseLog:
    """Log file that replaces the one of an earlier run; without room or right to write, there is none.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    path : Path
    exists : bool
        False if the file could not be created.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._lock = path, threading.Lock()
        self._rest, self._size = b"", 0
        self._late: deque[str] = deque(maxlen=LAST_LINES)
        self._stage, self._stage_time = "", 0.0
        self._file: IO[bytes] | None = None
        with suppress(OSError):
            self._file = _created(path)
        self.exists = self._file is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left and close the file."""
        with self._lock:
            if self._rest:
                self._say(self._rest.decode(errors="replace"))
            if self._late:
                self._write("... (lines left out)")
            for line in self._late:
                self._write(line)
            if self._file is not None:
                self._file.close()
                self._file = None

    def say(self, text: str) -> None:
        """Write one line."""
        with self._lock:
            self._say(text)

    def printed(self, piece: bytes) -> None:
        """Write the whole lines of what the process prints; the rest waits for its end."""
        with self._lock:
            *lines, rest = (self._rest + piece).split(b"\n")
            self._rest = rest[-LONGEST_LINE:]
            for line in lines:
                self._say(line.decode(errors="replace"))

    def progressed(self, stage: str, step: int, total: int | None, values: Mapping[str, float]) -> None:
        """Write a new stage, and a line a minute of an old one."""
        with self._lock:
            if stage != self._stage or time.monotonic() - self._stage_time >= MINUTE:
                self._stage, self._stage_time = stage, time.monotonic()
                numbers = "".join(f", {name} {value:.4g}" for name, value in values.items())
                self._say(f"{stage} {step}" + (f" of {total}" if total else "") + numbers)

    def _say(self, text: str) -> None:
        shown = text.rstrip().rpartition("\r")[2]  # the last state of a bar that is drawn again and again
        line = f"{datetime.now():%Y-%m-%d %H:%M:%S}  {shortened(plain_text(shown), LONGEST_LINE)}"
        if self._size > LARGEST:
            self._late.append(line)
        else:
            self._write(line)

    def _write(self, line: str) -> None:
        if self._file is None:
            return
        content = f"{line}\n".encode()
        self._size += len(content)
        try:
            self._file.write(content)
        except OSError:  # no room; the case goes on
            self._file.close()
            self._file = None


def _created(path: Path) -> IO[bytes]:
    """A new file in place of an old one; a link is replaced, and nothing is written through one."""
    if path.parent.is_symlink():
        raise OSError(errno.ELOOP, "it is a link", str(path.parent))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o666), "wb", buffering=0)
