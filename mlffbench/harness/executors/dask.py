"""Workers of a dask scheduler, here or on a cluster."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from mlffbench.harness.cluster.cluster_executor import ClusterExecutor
from mlffbench.harness.cluster.host import hosted
from mlffbench.system.machine import this_machine
from mlffbench.system.ranges import Count
from mlffbench.system.visible_gpus import visible_gpus

__all__ = ["Dask"]


class Dask(ClusterExecutor):
    """Workers of a dask scheduler: of one that runs, or of a cluster on this machine.

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

    def scheduler(self) -> AbstractContextManager[str]:
        """The scheduler that runs, or that of a cluster on this machine."""
        if self.address is not None:
            return nullcontext(self.address)
        threads = max(1, this_machine().cores // self.jobs)
        resources = {"threads": threads, "gpu": visible_gpus() if self.jobs == 1 else 0}
        return hosted(
            "LocalCluster",
            {
                "n_workers": self.jobs, "threads_per_worker": threads, "memory_limit": None,
                "resources": resources, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0",
            },
        )  # fmt: skip

    def describe(self) -> list[str]:
        """Scheduler and link of its dashboard."""
        place = f"the scheduler at {self.address}" if self.address else f"{self.jobs} workers on this machine"
        return [f"dask: {place}", *super().describe()]
