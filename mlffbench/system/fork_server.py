"""Children forked by a template process that has made their imports; each is alone in its own process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import IO

from mlffbench.system.child_process import ChildProcess

__all__ = ["ForkServer", "ForkedChild"]


class ForkServer:
    """Template process, and the children that it has forked.

    It ends with this process, and its children with it. The first child waits until the imports are made.

    Parameters
    ----------
    module : str
        The module whose ``main`` the children run; its ``prepare`` is called once, in the template.
    threads : int
        Threads of the numerical libraries.
    """

    def __init__(self, module: str, threads: int = 1) -> None:
        self._answers: SimpleQueue[_ForkedProcess | OSError] = SimpleQueue()
        self._forking = threading.Lock()
        self._control, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            arguments = ["-P", "-m", "mlffbench.system.template_process", str(other.fileno()), module]
            self._template = ChildProcess(arguments, threads=threads, pass_fds=[other.fileno()])
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @staticmethod
    def is_possible() -> bool:
        """True where the kernel can wait for a process by a file descriptor: Linux since 5.3."""
        try:
            os.close(os.pidfd_open(os.getpid()))
        except (AttributeError, OSError):
            return False
        return sys.platform == "linux"

    @property
    def is_alive(self) -> bool:
        return self._template.is_alive

    def fork(self) -> ForkedChild:
        """Fork a child.

        Raises
        ------
        OSError
            The template is dead, or there is no room for another process.
        """
        streams = _Streams()
        try:
            with self._forking:
                socket.send_fds(self._control, [b"."], streams.theirs)
                answer = self._answers.get()
            if isinstance(answer, OSError):
                if not self.is_alive:
                    self._answers.put(answer)  # for the next one
                raise answer
        except OSError:
            streams.close(streams.ours)
            raise
        finally:
            streams.close(streams.theirs)
        return ForkedChild(self, answer.with_streams(streams.ours[:3]), streams.ours[3])

    def close(self) -> None:
        """End the template and its children."""
        self._template.close()
        self._listener.join()
        with self._forking:
            self._control.close()

    def _listen(self) -> None:
        """Hear of forks and ends until the template and all below it have ended."""
        living: dict[int, _ForkedProcess] = {}
        while message := self._received():
            kind, *values = json.loads(message)
            if kind == "forked":
                living[values[0]] = process = _ForkedProcess(values[0])
                self._answers.put(process)
            elif kind == "ended":
                living.pop(values[0]).end(values[1])
            else:
                self._answers.put(BlockingIOError(values[0]))
        self._template.wait()
        for process in living.values():
            process.lost = True
            process.end(-signal.SIGKILL)
        self._answers.put(ProcessLookupError(f"the template has ended: {self._template.errors[-500:]}"))

    def _received(self) -> bytes:
        try:
            return self._control.recv(1000)
        except OSError:
            return b""


class ForkedChild(ChildProcess):
    """Child process that a template has forked."""

    def __init__(self, server: ForkServer, process: _ForkedProcess, lifeline: int) -> None:
        self._server, self._forked = server, process
        self._begin(process, lifeline)

    @property
    def is_lost(self) -> bool:
        """True if it ended because its template did."""
        return self._forked.lost

    def _kill_stopped(self) -> None:
        super()._kill_stopped()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
            return
        self._server.close()  # the template is stopped, too


class _ForkedProcess:
    """Supervisor of a forked child, with the interface of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid, self.lost = pid, False
        self.returncode: int | None = None
        self.stdin: IO[bytes] | None = None
        self.stdout: IO[bytes] | None = None
        self.stderr: IO[bytes] | None = None
        self._ended = threading.Event()

    def with_streams(self, descriptors: Sequence[int]) -> _ForkedProcess:
        """Open this process's ends of standard input, output and error."""
        writing, *reading = descriptors
        self.stdin = os.fdopen(writing, "wb")
        self.stdout, self.stderr = (os.fdopen(descriptor, "rb") for descriptor in reading)
        return self

    def end(self, code: int) -> None:
        self.returncode = code
        self._ended.set()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended.wait(timeout) or self.returncode is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        return self.returncode


class _Streams:
    """Pipes to standard input, output, error and lifeline of a child."""

    def __init__(self) -> None:
        pairs = [os.pipe() for _ in range(4)]
        self.theirs = [pairs[0][0], pairs[1][1], pairs[2][1], pairs[3][0]]
        self.ours = [pairs[0][1], pairs[1][0], pairs[2][0], pairs[3][1]]

    @staticmethod
    def close(descriptors: Iterable[int]) -> None:
        for descriptor in descriptors:
            os.close(descriptor)
