"""Processes for cases: forked by a warm template, or fresh interpreters where that is not possible."""

from __future__ import annotations

import threading
from contextlib import suppress

from mlffbench.system.child_process import ChildProcess
from mlffbench.system.fork_server import ForkServer

__all__ = ["Workers"]

WORKER = "mlffbench.harness.execution.worker"


class Workers:
    """Starts a process for every case; each runs `mlffbench.harness.execution.worker` once and ends.

    Parameters
    ----------
    threads : int
        Of each process.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._lock = threading.Lock()
        self._server: ForkServer | None = None
        self._closed = False

    def start(self) -> ChildProcess:
        """Start a process; a template that has died is replaced, and missed if it cannot be."""
        with suppress(OSError):
            if (server := self._template()) is not None:
                return server.fork()
        return self.start_fresh()

    def start_fresh(self) -> ChildProcess:
        """Start a fresh interpreter."""
        return ChildProcess(["-P", "-m", WORKER], threads=self.threads)

    def _template(self) -> ForkServer | None:
        with self._lock:
            if self._closed or not ForkServer.is_possible():
                return None
            if self._server is not None and not self._server.is_alive:
                self._server.close()
                self._server = None
            if self._server is None:
                self._server = ForkServer(WORKER, self.threads)
            return self._server

    def close(self) -> None:
        """End the template and all that it has forked."""
        with self._lock:
            self._closed = True
            if self._server is not None:
                self._server.close()
