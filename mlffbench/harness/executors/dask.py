"""Workers of a dask scheduler, here or on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace

from mlffbench.harness.case import Case
from mlffbench.harness.cluster.cluster_executor import ClusterExecutor
from mlffbench.harness.cluster.host import hosted
from mlffbench.harness.execution import resources
from mlffbench.harness.execution.placement import Start
from mlffbench.harness.execution.resources import Resources
from mlffbench.harness.execution.room import Room
from mlffbench.system.machine import this_machine
from mlffbench.system.ranges import Count
from mlffbench.system.visible_gpus import visible_gpus

__all__ = ["Dask"]


class Dask(ClusterExecutor):
    """Workers of a dask scheduler: of one that runs, or of a cluster on this machine.

    On this machine a case whose times are compared runs alone.

    Parameters
    ----------
    jobs : int
        Cases that run at once. Without a `scheduler` also the number of workers, which share the cores; one
        alone has the GPUs.
    scheduler : str, optional
        Address of a scheduler that runs, ``tcp://host:8786``.
    threads : int, optional
        Threads of a case that does not say; by default those of the smallest worker.
    """

    def __init__(self, jobs: Count = 1, scheduler: str | None = None, threads: Count | None = None) -> None:
        super().__init__(jobs, threads)
        self.jobs, self.address, self.threads = jobs, scheduler, threads
        self._room = Room(this_machine(), jobs) if scheduler is None else None

    @contextmanager
    def place(self, case: Case) -> Iterator[Start]:
        """Wait for a place on a worker; of a cluster here, first for room on the machine that it shares."""
        waits = self._room is not None and self.lack(case) is None
        room = self._room.share(_shared(case)) if self._room and waits else nullcontext()
        with room, super().place(case) as start:
            yield start

    def lack(self, case: Case) -> str | None:
        """Sentence on what this machine, if the workers are here, or no worker can give a case."""
        here = resources.lack(_shared(case), self._room.machine) if self._room else None
        return here or super().lack(case)

    def scheduler(self) -> AbstractContextManager[str]:
        """The scheduler that runs, or that of a cluster on this machine."""
        if self.address is not None:
            return nullcontext(self.address)
        threads = max(1, this_machine().cores // self.jobs)
        amounts = {"threads": threads, "gpu": visible_gpus() if self.jobs == 1 else 0}
        return hosted(
            "LocalCluster",
            {
                "n_workers": self.jobs, "threads_per_worker": threads, "memory_limit": None,
                "resources": amounts, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0",
            },
        )  # fmt: skip

    def describe(self) -> list[str]:
        """Scheduler and link of its dashboard."""
        place = f"the scheduler at {self.address}" if self.address else f"{self.jobs} workers on this machine"
        return [f"dask: {place}", *super().describe()]


def _shared(case: Case) -> Resources:
    """What a case takes of the machine that the workers share; GPUs are the worker's own."""
    return replace(resources.resources_of(case), gpus=0, gpu=None)
