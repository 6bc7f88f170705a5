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
from distributed import Status, Worker, WorkerPlugin, get_worker

from mlffbench import registry
from mlffbench.harness.cluster.identity import Identity, identity
from mlffbench.harness.cluster.session import Session
from mlffbench.harness.execution.placement import Executor
from mlffbench.system.visible_gpus import visible_gpus

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
        """Declare threads, memory and GPUs of the worker, unless its administrator has."""
        self._worker, self._scratch = worker, worker.local_directory
        self._sessions: dict[str, Session] = {}
        self._released: set[str] = set()
        self._here: Executor | None = None
        self._lock = threading.Lock()
        self._served = 0
        limit = worker.memory_manager.memory_limit or psutil.virtual_memory().total
        amounts = {"threads": worker.state.nthreads, "memory": float(limit), "gpu": visible_gpus()}
        missing = {k: v for k, v in amounts.items() if k not in worker.state.total_resources}
        if missing:
            await worker.set_resources(**missing)
        if missing and worker.status == Status.running:
            worker.status = Status.paused  # of a worker that resumes the scheduler looks for waiting tasks
            worker.status = Status.running

    async def teardown(self, worker: Worker) -> None:
        """End all children."""
        await asyncio.to_thread(self._end)

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        """End the child of a task that is released before it has finished."""
        if start not in ("executing", "long-running") or finish != "released":
            return
        if not str(key).startswith(self.run):  # of another run
            return
        self._released.add(key)  # its function may be yet to begin
        if (session := self._sessions.get(key)) is not None:
            threading.Thread(target=session.stop, daemon=True).start()

    def serve(self, key: str, threads: int, attempt: int) -> dict[str, Any]:
        """Run the case that the driver will send."""
        with self._lock:
            self._here = self._here or _processes_here(self._worker)
            session = Session(partial(self._send, key), self._here, threads, attempt, self._scratch)
            self._sessions[key] = session
        try:
            if key in self._released:
                return {}
            return session.serve(self._worker.address)
        finally:
            with self._lock:
                del self._sessions[key]
                self._released.discard(key)
                self._served += 1
            timer = threading.Timer(IDLE_SECONDS, self._end_idle, [self._served])
            timer.daemon = True
            timer.start()

    def deliver(self, key: str, message: dict[str, Any]) -> None:
        """Hand a message of the driver to a case; one that has ended needs none."""
        if (session := self._sessions.get(key)) is not None:
            session.deliver(message)

    def _send(self, key: str, **message: Any) -> None:
        self._worker.log_event(self.run, {"key": key, **message})

    def _end(self) -> None:
        for session in list(self._sessions.values()):
            session.stop()
        with self._lock:
            self._close()

    def _end_idle(self, served: int) -> None:
        with self._lock:
            if served == self._served and not self._sessions:
                self._close()

    def _close(self) -> None:
        """End the processes that wait for further cases."""
        if self._here is not None:
            self._here.__exit__(None, None, None)
        self._here = None


def _processes_here(worker: Worker) -> Executor:
    """Executor for the processes on the worker's machine; one case at least may follow another in them."""
    here: Executor = registry.load("executors", "local")(jobs=max(2, worker.state.nthreads))
    return here.__enter__()


def serve(run: str, key: str, driver: Identity, threads: int, attempt: int) -> dict[str, Any]:
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
    return runner.serve(key, threads, attempt)


def differing(driver: Identity) -> str | None:
    """The mlffbench of this process, if it is not that of the driver."""
    return None if identity() == driver else str(identity())


def deliver(run: str, key: str, message: dict[str, Any], dask_worker: Any = None) -> None:
    """Hand a message of the driver to a case on this worker."""
    with suppress(KeyError):
        dask_worker.plugins[run].deliver(key, message)
