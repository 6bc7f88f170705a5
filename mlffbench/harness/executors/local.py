"""Processes on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from mlffbench.harness.case import Case
from mlffbench.harness.execution.placement import Child, Start
from mlffbench.harness.execution.workers import Workers
from mlffbench.system.ranges import Workers as Number

__all__ = ["Local"]


class Local:
    """Processes on this machine, each case in one of its own.

    Parameters
    ----------
    jobs : int
        Cases that run at once; they share the cores.
    """

    dashboard = None

    def __init__(self, jobs: Number = 1) -> None:
        self.jobs = self.slots = jobs
        self._workers = Workers(max(1, (os.cpu_count() or 1) // jobs))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._workers.close()

    @contextmanager
    def place(self, case: Case) -> Iterator[Start]:
        """Yield the function that starts a process; there is always room."""
        yield self._start

    def _start(self, attempt: int) -> Child:
        return self._workers.start_fresh() if attempt else self._workers.start()

    def stop(self) -> None:
        """Do nothing: nobody waits for room."""

    def describe(self) -> list[str]:
        """No lines: nothing is to be said of this machine."""
        return []
