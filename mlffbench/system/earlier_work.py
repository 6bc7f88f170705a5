"""Time that killed processes spent on work which this one continues."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["EarlierWork", "listen", "note", "seconds", "times_resumed"]


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


def note(seconds: float, times: int) -> None:
    """Add work of so many seconds, written by a process that had itself been resumed so many times."""
    work = _present.get()
    if work is not None:
        work.seconds += seconds
        work.resumed = max(work.resumed, times + 1)


def seconds() -> float:
    """Seconds noted so far in the present block; 0 outside of one."""
    work = _present.get()
    return 0.0 if work is None else work.seconds


def times_resumed() -> int:
    """Processes that worked on the present block before this one; 0 outside of one."""
    work = _present.get()
    return 0 if work is None else work.resumed
