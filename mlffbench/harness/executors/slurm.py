"""Jobs of SLURM, submitted through dask-jobqueue."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from mlffbench.harness.cluster.cluster_executor import ClusterExecutor
from mlffbench.harness.cluster.host import hosted
from mlffbench.harness.execution.placement import ExecutorError
from mlffbench.system.fetch import cache_folder
from mlffbench.system.memory_size import memory_size
from mlffbench.system.ranges import Count, Natural

__all__ = ["Slurm"]

WORD = re.compile(r"[A-Za-z0-9][\w.,:/+@-]*")  # nothing that a shell, or sbatch, reads as more than that
ADDRESS = "tcp://<address of this machine>:<port>"  # in a script of which no scheduler runs


class Slurm(ClusterExecutor):
    """Jobs of SLURM, each a worker that runs one case after the other.

    The run goes on where it was started, as on a login node: it submits the jobs through dask-jobqueue, hands
    them cases and cancels them at its end.

    Parameters
    ----------
    partition : str, optional
    cores : int
        Of each job.
    memory : str
        Of each job.
    walltime : str
        Time of each job: hours, minutes and seconds, such as 24:00:00. A job that ends is replaced.
    gpu : int
        GPUs of each job.
    jobs : int
        Number of jobs.
    account : str, optional
    threads : int, optional
        Threads of a case that does not say; by default all cores of a job, which then runs one case at a
        time.
    interface : str, optional
        Network interface over which the jobs reach this machine, such as ``ib0``.
    python : str, optional
        Interpreter on the nodes, by default this one.
    extra : list of str
        Further lines ``#SBATCH``, without that word: ``--exclude=node07``.
    prologue : list of str
        Lines of the script before the worker starts: ``module load cuda``.

    Raises
    ------
    ExecutorError
        A text would break the lines of the script, or dask-jobqueue is not installed.
    """

    def __init__(
        self,
        partition: str | None = None,
        cores: Count = 1,
        memory: str = "4GB",
        walltime: str = "01:00:00",
        gpu: Natural = 0,
        jobs: Count = 1,
        account: str | None = None,
        threads: Count | None = None,
        interface: str | None = None,
        python: str | None = None,
        extra: Sequence[str] = (),
        prologue: Sequence[str] = (),
    ) -> None:
        _check_words(partition=partition, walltime=walltime, account=account, interface=interface)
        _check_lines(memory=[memory], python=[python or ""], extra=extra, prologue=prologue)
        threads = min(threads or cores, cores)
        super().__init__(jobs * (cores // threads), threads, "dask-jobqueue")
        self._most = cores
        self.jobs, self.gpu, self.memory = jobs, gpu, memory
        self._job = {
            "queue": partition, "cores": cores, "processes": 1, "memory": memory, "walltime": walltime,
            "account": account, "interface": interface, "python": python, "job_name": "mlffbench",
            "job_extra_directives": [*([f"--gres=gpu:{gpu}"] if gpu else []), *extra],
            "job_script_prologue": list(prologue), "log_directory": str(cache_folder() / "slurm"),
            "worker_extra_args": ["--resources", f"threads={cores},gpu={gpu}"],
        }  # fmt: skip

    def workers(self) -> list[dict[str, float]]:
        """Resources of a job."""
        return [{"threads": self._most, "memory": memory_size(self.memory), "gpu": self.gpu}]

    def scheduler(self) -> AbstractContextManager[str]:
        """A scheduler beside this process, for jobs that are submitted."""
        if shutil.which("sbatch") is None:
            raise ExecutorError(
                "sbatch is not on this machine: start the run on a login node of the SLURM cluster"
            )
        options = {"scheduler_options": {"dashboard_address": ":0"}}
        return hosted("SLURMCluster", {**self._job, **options, "jobs": self.jobs})

    def describe(self) -> list[str]:
        """The job script; once it is entered, the link of the dashboard."""
        if self.dashboard is not None:
            return [f"slurm: jobs submitted: {self.jobs}", *super().describe()]
        return [f"slurm: jobs of this script: {self.jobs}", *self.script().splitlines()]

    def script(self) -> str:
        """Job script, as dask-jobqueue writes it."""
        from dask_jobqueue.slurm import SLURMJob

        job: dict[str, Any] = dict(self._job)
        return SLURMJob(scheduler=ADDRESS, name="<number>", **job).job_script()


def _check_words(**texts: str | None) -> None:
    """Refuse what is not one plain word: it stands in the script as it is."""
    for name, text in texts.items():
        if text is not None and not WORD.fullmatch(str(text)):
            raise ExecutorError(f"{name} of slurm must be one plain word, not {text!r:.80}")


def _check_lines(**texts: Sequence[str]) -> None:
    """Refuse line breaks."""
    for name, lines in texts.items():
        for text in lines:
            if len(f"{text}.".splitlines()) > 1:
                raise ExecutorError(f"{name} of slurm must have no line break: {text!r:.80}")
