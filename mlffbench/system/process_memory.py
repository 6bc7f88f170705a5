"""Memory of processes."""

from __future__ import annotations

import psutil

__all__ = ["memory_below"]


def memory_below(pid: int) -> int | None:
    """Resident memory of all that descends from a process, in bytes; None if it has ended."""
    try:
        below = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return None
    return sum(_resident(process) for process in below) or None


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:  # it has ended meanwhile
        return 0
