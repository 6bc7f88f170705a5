"""Connection of a driver to a dask scheduler: places on its workers, and what they say."""

from __future__ import annotations

import logging
import math
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from mlffbench.harness.cluster.identity import identity
from mlffbench.harness.cluster.reservation import Reservation
from mlffbench.harness.execution.placement import ExecutorError

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Connection"]

PATIENCE = 10.0  # s, for a scheduler to answer
DELIVERY_SECONDS = 120.0  # for a message, and the files in it, to reach a worker, which waits no longer
CLOSING = 5.0  # s, for workers to end their children when the run ends


class Connection:
    """Places on the workers of a scheduler.

    Parameters
    ----------
    address : str
        Of the scheduler, ``tcp://host:port``.

    Raises
    ------
    ExecutorError
        No scheduler answers, or its workers have another mlffbench.
    """

    def __init__(self, address: str) -> None:
        from distributed import Client

        self.address, self.run = address, f"mlffbench-{secrets.token_hex(6)}"
        self._lock = threading.Lock()
        self._reservations: dict[str, Reservation] = {}
        self._futures: dict[str, Future] = {}
        self._stopping = False
        try:
            self._client: Client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ExecutorError(f"no dask scheduler answers at {address}: {error}") from error

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Have the workers ready for cases inside the ``with`` block."""
        from mlffbench.harness.cluster.case_runner import CaseRunner

        with _quiet(), self._client:
            _check_identity(self._client)
            self._client.register_plugin(CaseRunner(self.run), name=self.run)
            self._client.subscribe_topic(self.run, self._hear)
            self._client.subscribe_topic("all", self._hear_scheduler)
            try:
                yield
            finally:
                self.stop()
                with suppress(Exception):  # the scheduler is gone, and its workers
                    self._client.unregister_worker_plugin(self.run)

    @property
    def dashboard(self) -> str | None:
        """Link of the scheduler's dashboard."""
        return self._client.dashboard_link or None

    def resources(self) -> list[dict[str, float]]:
        """Resources of the workers that are there: ``threads``, ``memory`` (bytes) and ``gpu``."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        known = [{"threads": worker["nthreads"], **(worker.get("resources") or {})} for worker in workers]
        return [{"memory": math.inf, **worker} for worker in known]

    def reserve(self, needs: Mapping[str, float], threads: int, attempt: int) -> Reservation:
        """Wait for a place on a worker.

        Parameters
        ----------
        needs : mapping of str to float
            Amounts of the worker's resources.
        threads : int
            Of the numerical libraries.
        attempt : int
            Number of earlier attempts of the case.

        Raises
        ------
        ExecutorError
            The scheduler is lost, or the worker has another mlffbench.
        """
        from mlffbench.harness.cluster.case_runner import serve

        key = f"{self.run}-{secrets.token_hex(6)}"
        reservation = Reservation(key, self._deliver, self._cancel)
        with self._lock:
            if self._stopping:
                reservation.hear({"stopped": True})
                return reservation
            self._reservations[key] = reservation
        if self._client.status != "running":
            raise ExecutorError(f"the dask scheduler at {self.address} has gone")
        future = self._client.submit(
            serve, self.run, key, identity(), threads, attempt, key=key, resources=dict(needs), pure=False
        )
        self._futures[key] = future
        future.add_done_callback(self._done)
        reservation.wait()
        if (other := (reservation.result or {}).get("differs")) is not None:
            raise ExecutorError(_difference(other, "a worker"))
        return reservation

    def stop(self) -> None:
        """End all places, and the waiting for them."""
        with self._lock:
            self._stopping = True
            reservations = list(self._reservations.values())
        for reservation in reservations:
            reservation.end()

    def _deliver(self, address: str, key: str, message: dict[str, Any]) -> None:
        from mlffbench.harness.cluster.case_runner import deliver

        self._client.run(
            deliver, self.run, key, message, workers=[address], callback_timeout=DELIVERY_SECONDS
        )

    def _cancel(self, key: str) -> None:
        with self._lock:
            self._reservations.pop(key, None)
            future = self._futures.pop(key, None)
        if future is not None and not future.done():
            future.cancel()

    def _tell(self, key: Any, /, **message: Any) -> None:
        if (reservation := self._reservations.get(key)) is not None:
            reservation.hear(message)

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """Event of a worker of this run."""
        self._tell(event[1]["key"], **event[1])

    def _hear_scheduler(self, event: tuple[float, Any]) -> None:
        """Event of the scheduler: of its workers, too, the lost ones."""
        message = event[1]
        if isinstance(message, dict) and message.get("action") == "remove-worker":
            for name in ("processing-tasks", "lost-computed-tasks"):
                for key in message.get(name) or ():
                    self._tell(key, lost=f"the worker {message['worker']} was lost")

    def _done(self, future: Future) -> None:
        """Hand on the end of a task; called in a thread of its own."""
        if future.status == "finished":
            try:
                self._tell(future.key, result=future.result(timeout=600))
            except Exception as error:  # of any kind: the network's, or the worker's
                self._tell(future.key, lost=f"the answer did not come back from the worker: {error}")
        elif future.status == "error":
            raised = future.exception(timeout=600)
            self._tell(future.key, lost=f"the worker failed: {type(raised).__name__}: {raised}")
        else:
            self._tell(future.key, lost=f"the connection to the dask scheduler at {self.address} was lost")


def _check_identity(client: Client) -> None:
    """Compare mlffbench here and on the workers that are there.

    Raises
    ------
    ExecutorError
        They are not the same.
    """
    from mlffbench.harness.cluster.case_runner import differing

    found = client.run(differing, identity(), on_error="return")
    for address, other in found.items():
        if isinstance(other, Exception):
            other = f"no mlffbench that is like this one ({type(other).__name__}: {other})"
        if other is not None:
            raise ExecutorError(_difference(other, f"the worker {address}"))


def _difference(other: str | None, worker: str) -> str:
    return (
        f"{worker} has {other}, and this process has {identity()}: "
        "install the same mlffbench on both, as results must not depend on where a case runs"
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what dask logs of lost workers off the screen: the run says it."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
