"""Resources that a case needs of a worker, in the names of dask."""

from __future__ import annotations

from mlffbench.harness.case import Case
from mlffbench.harness.execution.resources import resources_of

__all__ = ["needs", "threads_of"]


def needs(case: Case, threads: int, most: int) -> dict[str, float]:
    """Amounts of ``threads``, ``memory`` (bytes) and ``gpu`` that a case occupies.

    Parameters
    ----------
    threads : int
        Of a case that does not say.
    most : int
        Threads of a worker: a case whose times count occupies all of them, and is alone there.
    """
    needed = resources_of(case)
    occupied = {
        "threads": most if needed.is_timed else min(threads_of(case, threads), most),
        "memory": needed.memory,
        "gpu": needed.gpus,
    }
    return {name: float(amount) for name, amount in occupied.items() if amount}


def threads_of(case: Case, threads: int) -> int:
    """Threads of a case's numerical libraries."""
    return (case.resources or {}).get("threads") or threads
