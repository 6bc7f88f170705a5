"""Child processes that exchange lines of text, with a time limit and a reason when they die."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any, Protocol

from mlffbench.system import supervisor
from mlffbench.system.process_memory import memory_below

__all__ = ["THREADS", "ChildProcess", "Process"]

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
KEPT_ERRORS = 4000  # bytes, the last ones
SUPERVISOR_SECONDS = 10.0  # more than it needs to end what it supervises
MEMORY_EVENTS = Path("/proc/vmstat")


class Process(Protocol):
    """Part of `subprocess.Popen` that a child process needs."""

    pid: int
    returncode: int | Any
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...


class ChildProcess:
    """A Python interpreter that reads lines from standard input and answers with lines.

    It lives below a supervisor process: whatever it starts ends with it, and all of it with this process,
    even if that is killed (see `mlffbench.system.supervisor`). Its death ends its lines, whoever else holds
    its pipes.

    Parameters
    ----------
    arguments : sequence of str
        Of the interpreter: ``["-P", "-m", "package.module"]`` or ``["-P", "file.py"]``; ``-P`` keeps the
        modules of the working folder away.
    python : str, optional
        Another interpreter, with packages that this one cannot hold; by default this one.
    threads : int
        Threads of its numerical libraries.
    environment : mapping of str to str
        Further environment variables.
    pass_fds : sequence of int
        File descriptors that it inherits.

    Raises
    ------
    OSError
        There is no such interpreter, or no room for another process.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        python: str | None = None,
        threads: int = 1,
        environment: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        if python is not None and shutil.which(python) is None:
            raise FileNotFoundError(errno.ENOENT, "no such Python", python)
        command = [python or sys.executable, *arguments]
        environment = {**os.environ, **dict.fromkeys(THREADS, str(threads)), **(environment or {})}
        self._begin(*_supervised(command, environment, pass_fds))

    def _begin(self, process: Process, lifeline: int) -> None:
        """Watch a supervisor that has been started; closing its `lifeline` ends it."""
        self.timed_out = False
        self._memory_kills = _memory_kills()
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._errors = b""
        self._hear: Callable[[bytes], None] = lambda _: None
        self._lock, self._hearing, self._expiring = threading.Lock(), threading.Lock(), threading.Lock()
        self._process = process
        self._lifeline: int | None = lifeline
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def is_lost(self) -> bool:
        """True if it ended because the process did that it was forked from."""
        return False

    @property
    def memory(self) -> int | None:
        """Memory of the process and all that it has started, in bytes; None if it has ended."""
        return memory_below(self._process.pid)

    def send(self, line: str) -> None:
        """Write one line to its standard input; if it is dead, `lines` yields nothing."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()

    def end_input(self) -> None:
        """Close its standard input."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def lines(self) -> Iterator[str]:
        """Yield the lines of its standard output until it has ended."""
        while (line := self._lines.get()) is not None:
            yield line
        self._lines.put(None)  # for the next call

    def next_line(self, seconds: float) -> str | None:
        """The next line of its standard output; None if there is none in so many seconds, or no more."""
        try:
            line = self._lines.get(timeout=seconds)
        except Empty:
            return None
        if line is None:
            self._lines.put(None)  # for the next call
        return line

    def forget(self) -> None:
        """Begin anew with a process that has done something else before: with its errors, and its memory."""
        with self._hearing:
            self._errors = b""
        self.timed_out = False
        self._memory_kills = _memory_kills()

    @property
    def errors(self) -> str:
        """The last lines of its standard error."""
        return self._errors.decode(errors="replace")

    def copy_errors(self, hear: Callable[[bytes], None]) -> None:
        """Call `hear` with all that the process writes to standard error, in pieces."""
        with self._hearing:
            hear(self._errors)
            self._hear = hear

    @contextmanager
    def time_limit(self, seconds: float | None) -> Iterator[None]:
        """Kill the process if the ``with`` block takes longer; None: no limit."""
        if seconds is None:
            yield
            return
        ended = threading.Event()
        timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), self._expire, [ended])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            with self._expiring:
                ended.set()
            timer.cancel()

    def _expire(self, ended: threading.Event) -> None:
        with self._expiring:
            if ended.is_set():
                return
            self.timed_out = self._process.poll() is None
        self.kill()

    def wait(self) -> None:
        """Wait until the process has ended."""
        self._process.wait()

    def kill(self) -> None:
        """End the process and all that it has started."""
        with self._lock:
            if self._lifeline is not None:
                os.close(self._lifeline)
                self._lifeline = None
        try:
            self._process.wait(SUPERVISOR_SECONDS)
        except subprocess.TimeoutExpired:  # somebody has stopped the supervisor
            self._kill_stopped()

    def _kill_stopped(self) -> None:
        self._kill_group()

    def close(self, patience: float = 0.0) -> None:
        """Give the process `patience` seconds to end by itself; then kill it."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        self.kill()
        self._process.wait()
        self._watcher.join()
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # a line that a dead child never read is still buffered
                self._process.stdin.close()

    def failure(self, limit: float | None) -> dict[str, str]:
        """Return ``kind`` and ``message`` of a process that ended without an answer; `limit` in s."""
        self.wait()
        if self.timed_out:
            return {"kind": "timed out", "message": f"took longer than the time_limit of {limit:g} s"}
        code = self._process.returncode
        if code == -signal.SIGKILL:
            return self._killed()
        end = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        return {"kind": "internal error", "message": f"the process {end} and left no result"}

    def _killed(self) -> dict[str, str]:
        """Kind and message of a death by SIGKILL; the kernel counts those for want of memory."""
        kills = _memory_kills()
        if kills is None or self._memory_kills is None:
            message = "the process was killed (signal 9): by hand, or because memory ran out"
            return {"kind": "worker lost", "message": message}
        if kills > self._memory_kills:
            message = "the process was killed (signal 9) because memory ran out"
            return {"kind": "out of memory", "where": "host", "message": message}
        return {"kind": "worker lost", "message": "the process was killed (signal 9); memory had not run out"}

    def _watch(self) -> None:
        """Collect lines and errors until the process ends, then say that there are no more."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        readers = [
            threading.Thread(target=self._read_lines, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._read_errors, args=(self._process.stderr,), daemon=True),
        ]
        for reader in readers:
            reader.start()
        self._process.wait()
        self._kill_group()
        for reader in readers:  # the pipes are empty at once, unless a stranger holds them
            reader.join(1.0)
        self._lines.put(None)

    def _read_lines(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._lines.put(line.decode(errors="replace"))

    def _read_errors(self, stream: IO[bytes]) -> None:
        with stream:
            while piece := os.read(stream.fileno(), 1 << 16):
                with self._hearing:
                    self._errors = (self._errors + piece)[-KEPT_ERRORS:]
                    self._hear(piece)

    def _kill_group(self) -> None:
        """Kill what the supervisor has left: all of it if it was killed itself, or is not on Linux."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _supervised(
    command: list[str], environment: Mapping[str, str], pass_fds: Sequence[int]
) -> tuple[subprocess.Popen[bytes], int]:
    """Start a command below a supervisor; the second value is the pipe whose closing ends both."""
    reading, lifeline = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__, str(reading), *command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, pass_fds=[reading, *pass_fds], env=environment,
        )  # fmt: skip
    except OSError:
        os.close(lifeline)
        raise
    finally:
        os.close(reading)
    return process, lifeline


def _memory_kills() -> int | None:
    """Number of processes that the kernel has killed for want of memory; None where it does not say."""
    try:
        lines = MEMORY_EVENTS.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)
