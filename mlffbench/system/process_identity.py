"""Identity of a process on a file system that several machines share."""

from __future__ import annotations

import os
import platform
import secrets
import sys
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import psutil

__all__ = ["ProcessIdentity"]

BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class ProcessIdentity:
    """Machine, number and start of a process.

    Attributes
    ----------
    machine : str
        Host, boot and namespace of process numbers: two containers on one host are two machines. A random
        text where the system does not tell: then every process is on a machine of its own.
    pid : int
    start : str
        Time of the start in ticks since the boot; empty where it is unknown.
    """

    machine: str
    pid: int
    start: str

    @classmethod
    def own(cls) -> Self:
        """Identity of this process."""
        return cls(_machine(), os.getpid(), _state_and_start("self")[1])

    @classmethod
    def of(cls, values: Any) -> Self | None:
        """Identity from the values of `to_json`; None if they are none."""
        try:
            machine, pid, start = values["machine"], values["pid"], values["start"]
        except (TypeError, KeyError, IndexError):
            return None
        is_one = isinstance(machine, str) and isinstance(start, str) and type(pid) is int
        return cls(machine, pid, start) if is_one and 0 < pid < 2**31 else None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def has_ended(self, here: ProcessIdentity) -> bool:
        """True if the process ran on the machine of this one, `here`, and has ended."""
        if self.machine != here.machine:
            return False
        state, start = _state_and_start(str(self.pid))
        if not start or not self.start:
            return not _exists(self.pid)
        return state in "ZX" or start != self.start


def _machine() -> str:
    if sys.platform != "linux":
        return f"{platform.node()} {uuid.getnode():x}"
    try:
        if os.readlink("/proc/self") != str(os.getpid()):  # /proc is that of another namespace
            return secrets.token_hex(16)
        return f"{platform.node()} {BOOT.read_text().strip()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return secrets.token_hex(16)


def _state_and_start(pid: str) -> tuple[str, str]:
    """State of a process and the time of its start; empty where ``/proc`` does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return fields[0], fields[19]
    except (OSError, IndexError):
        return "", ""


def _exists(pid: int) -> bool:
    if sys.platform == "win32":
        return psutil.pid_exists(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True
