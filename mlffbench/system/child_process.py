"""Child processes that exchange lines of text, with a time limit and a reason when they die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any

__all__ = ["THREADS", "ChildProcess"]

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class ChildProcess:
    """A Python interpreter that reads lines from standard input and answers with lines.

    Parameters
    ----------
    arguments : sequence of str
        Of the interpreter: ``["-m", "package.module"]`` or ``["-P", "file.py"]``.
    python : str, optional
        Another interpreter, with packages that this one cannot hold; by default this one.
    threads : int
        Threads of its numerical libraries.
    environment : mapping of str to str
        Further environment variables.
    errors : file, optional
        Where its standard error goes; by default nowhere.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        python: str | None = None,
        threads: int = 1,
        environment: Mapping[str, str] | None = None,
        errors: IO[Any] | None = None,
    ) -> None:
        self.timed_out = False
        self._process = subprocess.Popen(
            [python or sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if errors is None else errors,
            text=True,
            env={**os.environ, **dict.fromkeys(THREADS, str(threads)), **(environment or {})},
        )

    def send(self, line: str) -> None:
        """Write one line to its standard input; if it is dead, `lines` yields nothing."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return

    def lines(self) -> Iterator[str]:
        """Yield the lines of its standard output until it ends."""
        assert self._process.stdout is not None
        yield from iter(self._process.stdout.readline, "")  # not the file itself: that would close it

    @contextmanager
    def time_limit(self, seconds: float | None) -> Iterator[None]:
        """Kill the process if the ``with`` block takes longer; None: no limit."""
        if seconds is None:
            yield
            return
        timer = threading.Timer(seconds, self._expire)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _expire(self) -> None:
        self.timed_out = True
        self._process.kill()

    def wait(self) -> None:
        """Wait until the process has ended."""
        self._process.wait()

    def kill(self) -> None:
        """Kill the process; `close` collects it."""
        self._process.kill()

    def close(self) -> None:
        """End the process and close its pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # a line that a dead child never read is still buffered
                    pipe.close()

    def failure(self, limit: float | None) -> dict[str, str]:
        """Return ``kind`` and ``message`` of a process that ended without an answer; `limit` in s."""
        self.wait()
        if self.timed_out:
            return {"kind": "timed out", "message": f"took longer than the time_limit of {limit:g} s"}
        code = self._process.returncode
        if code == -signal.SIGKILL:
            message = "the process was killed (signal 9), most often because memory ran out"
            return {"kind": "out of memory", "message": message}
        return {"kind": "error", "message": f"the process ended with code {code} and left no result"}
