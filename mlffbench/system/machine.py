"""Cores, memory and GPUs of this machine, as far as this process may use them."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psutil

from mlffbench.system.visible_gpus import visible_gpus

__all__ = ["Machine", "this_machine"]

LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


class Machine:
    """Part of a machine that cases can have.

    Parameters
    ----------
    cores : int
    memory : int
        Bytes.
    gpus : tuple of str, optional
        Names of the GPUs, as CUDA_VISIBLE_DEVICES takes them; by default those that torch sees, which is
        imported when they are asked for, or the machine has.
    """

    def __init__(self, cores: int, memory: int, gpus: tuple[str, ...] | None = None) -> None:
        self.cores, self.memory, self._gpus = cores, memory, gpus

    @property
    def gpus(self) -> tuple[str, ...]:
        return _gpus() if self._gpus is None else self._gpus


def this_machine() -> Machine:
    """Return what this process may use of the machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(cores, _memory())


def _memory() -> int:
    """Memory of the machine, or of its container if that is less."""
    return min(psutil.virtual_memory().total, *map(_limit, LIMITS))


def _limit(file: Path) -> int:
    try:
        text = file.read_text().strip()
    except OSError:
        return 2**63
    return int(text) if text.isdigit() else 2**63


@cache
def _gpus() -> tuple[str, ...]:
    n = _gpus_of_torch() or visible_gpus()  # torch may lack CUDA here and have it in an environment
    visible = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")]
    return tuple(visible[:n]) if n and len(visible) >= n and all(visible[:n]) else tuple(map(str, range(n)))


def _gpus_of_torch() -> int:
    if find_spec("torch") is None:
        return 0
    import torch

    return torch.cuda.device_count()
