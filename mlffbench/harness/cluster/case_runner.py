"""Worker's side of a run: the children that compute its cases.

The module is imported by the workers of dask alone, and by drivers that have one.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from functools import partial
from typing import Any

import psutil
from distributed import Worker, WorkerPlugin, get_worker

from mlffbench.harness.cluster.identity import Identity, identity
from mlffbench.harness.cluster.session import Session
from mlffbench.harness.execution.workers import Workers

__all__ = ["CaseRunner", "deliver", "differing", "serve"]

IDLE_SECONDS = 5.0  # after which the templates of children are ended; a driver that died cannot do it


class CaseRunner(WorkerPlugin):
    """Children of one run on one worker; they end when their tasks are released, or the worker ends.

    A task is released when its driver cancels it, or dies.

    Parameters
    ----------
    run : str
        Name of the run: of this plugin, and of the topic of its events.
    """

    def __init__(self, run: str) -> None:
        self.run = run

    async def setup(self, worker: Worker) -> None:
        """Declare threads and memory of the worker, unless its administrator has."""
        self._worker = worker
        self._sessions: dict[str, Session] = {}
        self._workers: Workers | None = None
        self._lock = threading.Lock()
        limit = worker.memory_manager.memory_limit or psutil.virtual_memory().total
        declared = worker.state.total_resources
        missing = {"threads": float(worker.state.nthreads), "memory": float(limit)}
        await worker.set_resources(**{k: v for k, v in missing.items() if k not in declared})

    async def teardown(self, worker: Worker) -> None:
        """End all children."""
        await asyncio.to_thread(self._end)

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        """End the child of a task that is released before it has finished."""
        session = self._sessions.get(key)
        if session is not None and start in ("executing", "long-running") and finish == "released":
            threading.Thread(target=session.stop, daemon=True).start()

    def serve(self, key: str, threads: int, fresh: bool) -> dict[str, Any]:
        """Run the case that the driver will send."""
        workers = self._running()
        send = partial(self._send, key)
        scratch = self._worker.local_directory
        start = partial(workers.start_fresh if fresh else workers.start, threads)
        session = Session(send, start, scratch)
        self._sessions[key] = session
        try:
            return session.serve(self._worker.address)
        finally:
            del self._sessions[key]
            if not self._sessions:
                timer = threading.Timer(IDLE_SECONDS, self._end_idle)
                timer.daemon = True
                timer.start()

    def deliver(self, key: str, message: dict[str, Any]) -> None:
        """Hand a message of the driver to a case; one that has ended needs none."""
        if (session := self._sessions.get(key)) is not None:
            session.deliver(message)

    def _running(self) -> Workers:
        with self._lock:
            self._workers = self._workers or Workers()
            return self._workers

    def _send(self, key: str, **message: Any) -> None:
        self._worker.log_event(self.run, {"key": key, **message})

    def _end(self) -> None:
        for session in list(self._sessions.values()):
            session.stop()
        self._close_workers()

    def _end_idle(self) -> None:
        if not self._sessions:
            self._close_workers()

    def _close_workers(self) -> None:
        with self._lock:
            ended, self._workers = self._workers, None
        if ended is not None:
            ended.close()


def serve(run: str, key: str, driver: Identity, threads: int, fresh: bool) -> dict[str, Any]:
    """Task of dask: compute one case of a run.

    Returns
    -------
    dict
        ``files``, the answer as bytes, or None if the driver sees its folder; ``failure`` of a child that
        died without one, and its last ``errors``. ``differs`` if the worker has another mlffbench.
    """
    if (other := differing(driver)) is not None:
        return {"differs": other}
    worker = get_worker()
    runner: CaseRunner = worker.plugins[run]
    return runner.serve(key, threads, fresh)


def differing(driver: Identity) -> str | None:
    """The mlffbench of this process, if it is not that of the driver."""
    return None if identity() == driver else str(identity())


def deliver(run: str, key: str, message: dict[str, Any], dask_worker: Any = None) -> None:
    """Hand a message of the driver to a case on this worker."""
    with suppress(KeyError):
        dask_worker.plugins[run].deliver(key, message)
