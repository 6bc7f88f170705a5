"""Processes that are alive, found by their number or by a mark in their environment."""

from __future__ import annotations

import os
from pathlib import Path


def alive(pid):
    """True for a process that is neither dead nor a zombie."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def marked(mark):
    """Numbers of the living processes that inherited ``MARK`` with this value."""
    wanted = f"MARK={mark}".encode()
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
    return [pid for pid in pids if alive(pid) and wanted in _environment(pid)]


def _environment(pid):
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
