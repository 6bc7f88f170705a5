"""Processes on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Self

from mlffbench import registry
from mlffbench.harness.case import Case
from mlffbench.harness.execution.placement import Child, ExecutorError, Start
from mlffbench.harness.execution.resources import is_timed, lack, resources_of
from mlffbench.harness.execution.room import Room, Share
from mlffbench.harness.execution.warm_pool import WarmPool
from mlffbench.harness.execution.workers import Workers
from mlffbench.harness.inputs import has_foreign_code
from mlffbench.system.child_process import ChildProcess
from mlffbench.system.machine import this_machine
from mlffbench.system.ranges import Workers as Number

__all__ = ["Local"]

IDLE_MEMORY = 0.25  # of the machine's, for idle processes


class Local:
    """Processes on this machine, each case in one of its own.

    A case whose times are compared (``resources: {timed: true}``, a budget in seconds, a task such as
    ``speed``) runs alone on its device. With several jobs the other cases share the machine, and take turns
    in processes that keep data and imports; a process that a case has changed is not used again.

    Parameters
    ----------
    jobs : int
        Cases that run at once; they share the cores.
    """

    dashboard: str | None = None

    def __init__(self, jobs: Number = 1) -> None:
        machine = this_machine()
        self.jobs = self.slots = jobs if jobs > 0 else machine.cores
        self._room = Room(machine, self.jobs)
        self._workers = Workers()
        self._pool = WarmPool(self.jobs, int(IDLE_MEMORY * machine.memory))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.close()
        self._workers.close()

    @contextmanager
    def place(self, case: Case) -> Iterator[Start]:
        """Wait for room on the machine; yield the function that starts a process.

        Raises
        ------
        ExecutorError
            There will never be room.
        """
        if (sentence := self.lack(case)) is not None:
            raise ExecutorError(f"{case.label}: {sentence}")
        with self._room.share(resources_of(case)) as share:
            yield partial(self._start, case, share)

    def lack(self, case: Case) -> str | None:
        """Sentence on what a case needs and this machine has not; None if it fits."""
        return lack(resources_of(case), self._room.machine)

    def is_alone(self, case: Case) -> bool:
        """True if the case has its device, and a new process, for itself."""
        return is_timed(case) or (self.jobs == 1 and not self._stays(case))

    def stop(self) -> None:
        """Do nothing: who waits has room as soon as the running cases have been ended."""

    def describe(self) -> list[str]:
        """No lines: nothing is to be said of this machine."""
        return []

    def _stays(self, case: Case) -> bool:
        """True if the process of a case is for further ones, too: its code is ours, and it is not timed."""
        if is_timed(case) or case.environment is not None or has_foreign_code(case):
            return False
        return self.jobs > 1 or (case.resources or {}).get("timed") is False

    def _start(self, case: Case, share: Share, attempt: int) -> Child:
        if attempt:
            return _set_up(self._workers.start_fresh(share.threads), share, stay=False)
        if not self._stays(case):
            return _set_up(self._workers.start(share.threads), share, stay=False)
        return self._pool.take(_kind(case, share), lambda: self._staying(share))

    def _staying(self, share: Share) -> ChildProcess:
        return _set_up(self._workers.start(share.threads), share, stay=True)


def _set_up(process: ChildProcess, share: Share, stay: bool) -> ChildProcess:
    """Tell a new process which GPUs are its own, and if further cases will come."""
    environ = {"CUDA_VISIBLE_DEVICES": ",".join(share.gpus)} if share.gpus else {}
    if stay or environ:
        process.send(json.dumps({"environ": environ, "stay": stay}))
    return process


def _kind(case: Case, share: Share) -> str:
    """Cases that may follow each other in one process: of one method, which imports the same."""
    method = registry.load("estimators", case.estimator.name)
    return f"{case.estimator if registry.parts(method) else case.estimator.name} {share}"
