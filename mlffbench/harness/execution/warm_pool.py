"""Processes that stay for further cases, of the same method each, while they are as good as new."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from mlffbench.system.child_process import ChildProcess

__all__ = ["WarmChild", "WarmPool"]


class WarmPool:
    """Idle processes by the kind of case that they have run; a bounded number, of bounded memory.

    Parameters
    ----------
    most : int
        Processes that may be idle.
    memory : int
        Bytes that they may hold together.
    """

    def __init__(self, most: int, memory: int) -> None:
        self.most, self.memory = most, memory
        self._idle: list[tuple[str, ChildProcess, int]] = []  # kind, process, memory; used longest ago first
        self._lock = threading.Lock()
        self._closed = False

    def take(self, kind: str, start: Callable[[], ChildProcess]) -> WarmChild:
        """An idle process for cases of a kind, or a new one."""
        with self._lock:
            for i in reversed(range(len(self._idle))):
                if self._idle[i][0] == kind and self._idle[i][1].is_alive:
                    process = self._idle.pop(i)[1]
                    process.forget()
                    return WarmChild(self, kind, process)
        return WarmChild(self, kind, start())

    def keep(self, kind: str, process: ChildProcess, memory: int) -> None:
        """Keep a process for later; those used longest ago make room for it."""
        with self._lock:
            self._idle.append((kind, process, memory))
            leaving = []
            while self._idle and (
                self._closed or len(self._idle) > self.most or sum(m for *_, m in self._idle) > self.memory
            ):
                leaving.append(self._idle.pop(0)[1])
        for old in leaving:
            old.close()

    def close(self) -> None:
        """End all idle processes; those that come back later end at once."""
        with self._lock:
            self._closed = True
            leaving, self._idle = self._idle, []
        for _, process, _ in leaving:
            process.close()


class WarmChild:
    """Process of the pool while it runs one case, with the interface of a process of its own."""

    def __init__(self, pool: WarmPool, kind: str, process: ChildProcess) -> None:
        self._pool, self._kind, self._process = pool, kind, process
        self._has_begun = self._is_over = False

    @property
    def memory(self) -> int | None:
        return self._process.memory

    @property
    def is_lost(self) -> bool:
        """True if it ended with the process that it was forked from, or before it had begun the case."""
        return self._process.is_lost or not (self._has_begun or self._process.is_alive)

    @property
    def errors(self) -> str:
        return self._process.errors

    def copy_errors(self, hear: Callable[[bytes], None]) -> None:
        self._process.copy_errors(hear)

    def send(self, line: str) -> None:
        self._process.send(line)

    def lines(self) -> Iterator[str]:
        for line in self._process.lines():
            self._has_begun = True
            yield line

    def time_limit(self, seconds: float | None) -> AbstractContextManager[None]:
        return self._process.time_limit(seconds)

    def failure(self, limit: float | None) -> dict[str, str]:
        failure = self._process.failure(limit)
        if not self.is_lost or failure["kind"] == "timed out":
            return failure
        return {"kind": "worker lost", "message": "the process ended before it had begun the case"}

    def kill(self) -> None:
        if not self._is_over:
            self._process.kill()

    def close(self, patience: float = 0.0) -> None:
        """Give the process back to the pool if it is ready within `patience` seconds; else end it."""
        if self._is_over:
            return
        memory = self._memory_when_ready(patience)
        self._is_over = True
        if memory is None:
            self._process.close()
        else:
            self._process.copy_errors(lambda _: None)
            self._pool.keep(self._kind, self._process, memory)

    def _memory_when_ready(self, patience: float) -> int | None:
        """Memory of the process, in bytes, once it is ready for another case; None if it leaves."""
        end = time.monotonic() + patience
        while (line := self._process.next_line(max(0.0, end - time.monotonic()))) is not None:
            if line.startswith('{"ready"'):
                return int(json.loads(line)["ready"])
        return None
