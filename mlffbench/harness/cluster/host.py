"""Process that hosts a dask cluster for a driver: its scheduler is apart from the driver, and ends with it.

Run as ``python -P -m mlffbench.harness.cluster.host KIND SETTINGS``, the settings as JSON. It writes the
address of the scheduler as a line of JSON, and ends the cluster when its standard input ends.
"""

from __future__ import annotations

import json
import os
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
        Keywords of that class.

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

    cluster = SLURMCluster(**settings)  # raises what sbatch says if no job can be submitted
    cluster.adapt(minimum_jobs=settings["n_workers"], maximum_jobs=settings["n_workers"], interval="10s")
    return cluster


if __name__ == "__main__":
    main()
