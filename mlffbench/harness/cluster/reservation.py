"""Place for one case on a worker: a task of dask that waits there for its order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from mlffbench.harness.execution.placement import ExecutorError

__all__ = ["ENDED", "Reservation"]

ENDED = "the worker ended the case without an answer"
LOST_SECONDS = 60.0  # without a sign of life; a case under way reports its memory every other second


class Reservation:
    """Task of dask, from its submission to its end.

    Parameters
    ----------
    key : str
    deliver : callable
        Sends a message to the worker of an address.
    cancel : callable
        Has the scheduler release the task.

    Attributes
    ----------
    address : str or None
        Of the worker that holds the place.
    loss : str or None
        Sentence on the loss of the worker, if it was lost.
    result : dict or None
        Value of the task.
    """

    def __init__(
        self, key: str, deliver: Callable[[str, str, dict[str, Any]], None], cancel: Callable[[str], None]
    ) -> None:
        self.key, self._deliver, self._cancel = key, deliver, cancel
        self.address: str | None = None
        self.loss: str | None = None
        self.result: dict[str, Any] | None = None
        self._messages: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._ended = threading.Event()

    def hear(self, message: dict[str, Any]) -> None:
        """Take a message: of the worker, or ``result``, ``lost``, ``error`` or ``stopped``."""
        self._messages.put(message)

    def wait(self) -> None:
        """Wait until a worker has begun the task, or the task has ended without that.

        Raises
        ------
        ExecutorError
            The task failed: the scheduler is lost, or the worker cannot run it.
        """
        while True:
            message = self._messages.get()
            if "begun" in message:
                self.address = message["begun"]
                return
            if "error" in message:
                raise ExecutorError(message["error"])
            if {"lost", "stopped", "result"} & set(message):
                self.result = message.get("result")
                self.loss = message.get("lost", ENDED if "result" in message else None)
                self._ended.set()  # nothing more will come
                return

    def deliver(self, message: dict[str, Any]) -> None:
        """Send a message to the worker; one that is lost cannot get it."""
        if self.address is None:
            return
        try:
            self._deliver(self.address, self.key, message)
        except Exception as error:  # of any kind: it is the worker's, or the network's
            self.hear({"lost": f"the worker {self.address} cannot be reached: {error}"})

    def messages(self, seconds: float | None = None) -> Iterator[dict[str, Any]]:
        """Yield the messages of the worker until the task has ended; see `result` and `loss` then.

        Parameters
        ----------
        seconds : float, optional
            For which at most it is waited for each.
        """
        while not self._ended.is_set():
            try:
                message = self._messages.get(timeout=LOST_SECONDS if seconds is None else seconds)
            except Empty:
                if seconds is not None:
                    return
                message = {"lost": f"nothing was heard from {self.address} for {LOST_SECONDS:g} s"}
            if "begun" in message:  # somewhere else: dask repeats tasks of workers that it lost
                message = {"lost": f"the worker {self.address} was lost"}
            self.loss = message.get("lost", message.get("error"))
            self.result = message.get("result")
            if {"lost", "error", "stopped", "result"} & set(message):
                self._ended.set()
            else:
                yield message

    def end(self) -> None:
        """Have the task end, whatever it is doing."""
        self.hear({"stopped": True})
        with suppress(Exception):  # the scheduler is gone, and the task with it
            self._cancel(self.key)
