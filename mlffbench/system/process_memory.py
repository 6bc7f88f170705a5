"""Memory of processes."""

from __future__ import annotations

from pathlib import Path

import psutil

__all__ = ["available_memory", "memory_below"]

GROUP = Path("/sys/fs/cgroup")  # limits of a container


def memory_below(pid: int) -> int | None:
    """Resident memory of all that descends from a process, in bytes; None if it has ended."""
    try:
        below = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return None
    return sum(_resident(process) for process in below) or None


def available_memory(group: Path = GROUP) -> int:
    """Memory that this process may still take, in bytes: of the machine, or of its container if less."""
    free = psutil.virtual_memory().available
    try:
        most, used = ((group / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return free
    return free if most == "max" else max(0, min(free, int(most) - int(used)))


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:  # it has ended meanwhile
        return 0
