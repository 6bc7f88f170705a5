"""Processes for cases: forked by a warm template, or fresh interpreters where that is not possible."""

from __future__ import annotations

import threading
from contextlib import suppress

from mlffbench.system.child_process import ChildProcess
from mlffbench.system.fork_server import ForkServer

__all__ = ["Workers"]

WORKER = "mlffbench.harness.execution.worker"


class Workers:
    """Starts processes; each runs `mlffbench.harness.execution.worker`.

    There is a template for every number of threads: numerical libraries read it when they are imported.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._servers: dict[int, ForkServer] = {}
        self._closed = False

    def start(self, threads: int) -> ChildProcess:
        """Start a process; a template that has died is replaced, and missed if it cannot be."""
        with suppress(OSError):
            if (server := self._template(threads)) is not None:
                return server.fork()
        return self.start_fresh(threads)

    def start_fresh(self, threads: int) -> ChildProcess:
        """Start a fresh interpreter."""
        return ChildProcess(["-P", "-m", WORKER], threads=threads)

    def _template(self, threads: int) -> ForkServer | None:
        with self._lock:
            if self._closed or not ForkServer.is_possible():
                return None
            server = self._servers.get(threads)
            if server is not None and not server.is_alive:
                server.close()
                server = None
            if server is None:
                server = self._servers[threads] = ForkServer(WORKER, threads)
            return server

    def close(self) -> None:
        """End the templates and all that they have forked."""
        with self._lock:
            self._closed = True
            for server in self._servers.values():
                server.close()
