"""Executor that gives cases places on the workers of a dask scheduler, however that was started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Self

from mlffbench.harness.case import Case
from mlffbench.harness.cluster.connection import Connection
from mlffbench.harness.cluster.needs import lack, needs, threads_of
from mlffbench.harness.cluster.remote_child import RemoteChild
from mlffbench.harness.execution.placement import ExecutorError, Start
from mlffbench.harness.execution.resources import is_timed
from mlffbench.system.versions import versions

__all__ = ["ClusterExecutor"]


class ClusterExecutor:
    """Base class of executors; a subclass starts or names the scheduler.

    Parameters
    ----------
    slots : int
        Cases that wait for places or have one.
    threads : int or None
        Of a case that does not say; by default those of the smallest worker.
    package : str
        The package that is needed.

    Raises
    ------
    ExecutorError
        It is not installed.
    """

    dashboard: str | None = None

    def __init__(self, slots: int, threads: int | None, package: str = "distributed") -> None:
        self.slots, self._threads, self._most = slots, threads, threads or 1
        self._connection: Connection | None = None
        self._stack = ExitStack()
        if not versions([package]):
            name = type(self).__name__.lower()
            raise ExecutorError(f"executor {name!r} needs {package}: pip install 'mlffbench[cluster]'")

    def scheduler(self) -> AbstractContextManager[str]:
        """Context in which a scheduler runs; its value is the address."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            address = stack.enter_context(self.scheduler())
            self._connection = connection = Connection(address)
            stack.enter_context(connection.joined())
            self.dashboard = connection.dashboard
            self._measure(connection)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()
        self._connection = None

    def _measure(self, connection: Connection) -> None:
        """Adopt the threads of the workers that are there."""
        sizes = [int(worker["threads"]) for worker in connection.resources()]
        self._threads = self._threads or min(sizes, default=1)
        self._most = max([*sizes, self._threads, self._most])

    @contextmanager
    def place(self, case: Case) -> Iterator[Start]:
        """Wait for a place on a worker; hold it inside the ``with`` block."""
        assert self._connection is not None
        connection, held = self._connection, list[RemoteChild]()
        threads = self._threads or 1
        wanted = needs(case, threads, self._most)
        if (sentence := self.lack(case)) is not None:
            raise ExecutorError(f"row {case.label!r}: {sentence}")

        def reserve(attempt: int) -> RemoteChild:
            child = RemoteChild(connection.reserve(wanted, threads_of(case, threads), attempt))
            held.append(child)
            return child

        first = reserve(0)
        try:
            yield lambda attempt: first if attempt == 0 else reserve(attempt)
        finally:
            for child in held:
                child.kill()

    def lack(self, case: Case) -> str | None:
        """Sentence on what no worker can give a case; None if it fits."""
        return lack(needs(case, self._threads or 1, self._most), self.workers())

    def workers(self) -> list[dict[str, float]]:
        """Resources of each worker, as far as they are known."""
        return [] if self._connection is None else self._connection.resources()

    def is_alone(self, case: Case) -> bool:
        """True if no other case runs on its worker."""
        return is_timed(case)

    def stop(self) -> None:
        """End all places, and the waiting for them."""
        if self._connection is not None:
            self._connection.stop()

    def describe(self) -> list[str]:
        """Link of the dashboard, if there is one."""
        return [f"dashboard: {self.dashboard}"] if self.dashboard else []
