"""Resources that a case needs of a worker, in the names of dask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlffbench.harness.case import Case
from mlffbench.harness.execution.resources import resources_of

__all__ = ["lack", "needs", "threads_of"]

WORDS = {"threads": "threads", "memory": "bytes of memory", "gpu": "GPUs"}


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


def lack(wanted: Mapping[str, float], workers: Sequence[Mapping[str, float]]) -> str | None:
    """Sentence on what no worker can ever give a case; None if one can, or no worker is known.

    Parameters
    ----------
    wanted : mapping of str to float
        See `needs`.
    workers : sequence of mappings
        Amounts that each of them has.
    """
    if not workers or any(all(has.get(k, 0) >= n for k, n in wanted.items()) for has in workers):
        return None
    asked = ", ".join(f"{amount:,.0f} {WORDS[name]}" for name, amount in wanted.items())
    largest = {name: max(has.get(name, 0) for has in workers) for name in wanted}
    there = ", ".join(f"{amount:,.0f} {WORDS[name]}" for name, amount in largest.items())
    return f"{asked} are asked for together, and workers have at most {there}"
