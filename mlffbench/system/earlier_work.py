"""Time that killed processes spent on work which this one continues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from mlffbench.system.process_identity import ProcessIdentity

__all__ = ["EarlierWork", "listen", "note", "process", "seconds", "stamp", "times_resumed"]


@dataclass
class EarlierWork:
    """Sum over all checkpoints that were read inside a ``with`` block.

    Attributes
    ----------
    seconds : float
        Wall time that the kept work had taken.
    resumed : int
        Number of processes that worked on it before.
    """

    seconds: float = 0.0
    resumed: int = 0


_present: ContextVar[EarlierWork | None] = ContextVar("earlier_work", default=None)


@contextmanager
def listen() -> Iterator[EarlierWork]:
    """Collect the earlier work of the block."""
    work = EarlierWork()
    token = _present.set(work)
    try:
        yield work
    finally:
        _present.reset(token)


def stamp(seconds: float) -> dict[str, Any]:
    """Facts of work that is kept: the process, how often it had been resumed, and the work's seconds."""
    return {"process": process(), "resumed": times_resumed(), "seconds": seconds}


def note(work: Mapping[str, Any]) -> bool:
    """Add the work of a stamp; False, and nothing is added, if this process has done it itself."""
    present = _present.get()
    if work["process"] == process():
        return False
    if present is not None:
        present.seconds += work["seconds"]
        present.resumed = max(present.resumed, work["resumed"] + 1)
    return True


def process() -> dict[str, Any]:
    """Identity of this process, as plain JSON."""
    return ProcessIdentity.own().to_json()


def seconds() -> float:
    """Seconds noted so far in the present block; 0 outside of one."""
    present = _present.get()
    return 0.0 if present is None else present.seconds


def times_resumed() -> int:
    """Processes that worked on the present block before this one; 0 outside of one."""
    present = _present.get()
    return 0 if present is None else present.resumed
