"""Resources that a case needs of a worker, in the names of dask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlffbench.harness.case import Case

__all__ = ["memory_bytes", "needs", "threads_of"]


def needs(case: Case, threads: int, most: int) -> dict[str, float]:
    """Amounts of ``threads``, ``memory`` (bytes) and ``gpu`` that a case occupies.

    Parameters
    ----------
    threads : int
        Of a case that does not say.
    most : int
        Threads of a worker: a case whose times count occupies all of them, and is alone there.
    """
    said = case.resources or {}
    occupied = {
        "threads": most if is_timed(case) else min(threads_of(case, threads), most),
        "memory": memory_bytes(said.get("memory") or 0),
        "gpu": said.get("gpu") or 0,
    }
    return {name: float(amount) for name, amount in occupied.items() if amount}


def threads_of(case: Case, threads: int) -> int:
    """Threads of a case's numerical libraries."""
    return (case.resources or {}).get("threads") or threads


def is_timed(case: Case) -> bool:
    """True for a case whose times are compared."""
    said: Mapping[str, Any] = case.resources or {}
    if (timed := said.get("timed")) is not None:
        return bool(timed)
    in_seconds = "max_seconds" in case.estimator.params or "fit_seconds" in (case.budget or {})
    return in_seconds or any(task.name == "speed" for task in case.tasks)


def memory_bytes(amount: float | str) -> int:
    """Bytes of a number, or of a text such as ``8 GB``."""
    from dask.utils import parse_bytes

    return parse_bytes(str(amount))
