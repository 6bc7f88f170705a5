"""Process that hosts a dask cluster for a driver: its scheduler is apart from the driver, and ends with it.

Run as ``python -P -m mlffbench.harness.cluster.host KIND SETTINGS``, the settings as JSON. It writes the
address of the scheduler as a line of JSON, and ends the cluster when its standard input ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mlffbench.harness.execution.placement import ExecutorError
from mlffbench.system.child_process import ChildProcess

__all__ = ["hosted", "main"]

CLOSING = 15.0  # s, for the jobs of a cluster to be cancelled


@contextmanager
def hosted(kind: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """Start a cluster; inside the ``with`` block its scheduler is at the address that is the value.

    Parameters
    ----------
    kind : {"LocalCluster", "SLURMCluster"}
    settings : mapping
        Keywords of that class; of SLURM also the number of ``jobs``.

    Raises
    ------
    ExecutorError
        It cannot be started.
    """
    child = ChildProcess(["-P", "-m", __name__, kind, json.dumps(dict(settings))])
    try:
        yield _address(child, kind)
    finally:
        if child.is_alive:
            child.end_input()
        child.close(CLOSING)


def _address(child: ChildProcess, kind: str) -> str:
    for line in child.lines():
        if line.startswith("{"):
            return json.loads(line)["address"]
    child.close()
    reason = (child.errors.strip().splitlines() or ["no reason is known"])[-1]
    raise ExecutorError(f"a {kind} of dask cannot be started: {reason}")


def main() -> None:
    """Start the cluster, say where, and wait for the end of standard input."""
    kind, settings = sys.argv[1], json.loads(sys.argv[2])
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with _cluster(kind, settings) as cluster:
        output.write(f"{json.dumps({'address': cluster.scheduler_address})}\n")
        output.flush()
        sys.stdin.read()


def _cluster(kind: str, settings: dict[str, Any]) -> Any:
    if kind == "LocalCluster":
        from distributed import LocalCluster

        return LocalCluster(**settings)
    from dask_jobqueue import SLURMCluster

    jobs = settings.pop("jobs")
    cluster = SLURMCluster(**settings)
    _check_job(cluster.job_script())
    cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs, interval="10s")  # a job that has ended is replaced
    return cluster


def _check_job(script: str) -> None:
    """Ask SLURM if it would take a job; dask-jobqueue only logs a refusal.

    Raises
    ------
    ExecutorError
        It would not, and why.
    """
    done = subprocess.run(["sbatch", "--test-only"], input=script, capture_output=True, text=True)
    if done.returncode:
        raise ExecutorError(" ".join(done.stderr.split()))


if __name__ == "__main__":
    main()
