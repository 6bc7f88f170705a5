"""State of a process that one computation may leave to the next: settings, threads, files, random numbers."""

from __future__ import annotations

import ctypes
import gc
import locale
import logging
import os
import random
import resource
import signal
import sys
import threading
import warnings
from typing import Any

import numpy as np
import psutil
from numpy.random import mtrand

__all__ = ["changes", "collect_garbage", "process_state", "seed_afresh"]

HARMLESS = ("tqdm_monitor",)  # threads that wake up to redraw bars


def process_state() -> dict[str, Any]:
    """All that a computation can change for those that come after it in this process, by its name."""
    return {
        "working folder": _working_folder(),
        "environment variables": dict(os.environ),
        "warnings filters": [*warnings.filters, warnings.showwarning],
        "signal handlers": [signal.getsignal(number) for number in sorted(signal.valid_signals())],
        "threads": {thread.ident for thread in threading.enumerate() if thread.name not in HARMLESS},
        "child processes": _has_children(),
        "open files": len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None,
        "streams": [id(stream) for stream in (sys.stdin, sys.stdout, sys.stderr)],
        "search path": list(sys.path),
        "limits": [resource.getrlimit(limit) for limit in (resource.RLIMIT_AS, resource.RLIMIT_NOFILE)],
        "priority": os.getpriority(os.PRIO_PROCESS, 0),
        "interpreter": [sys.getrecursionlimit(), gc.isenabled(), sys.gettrace(), sys.excepthook],
        "locale": locale.setlocale(locale.LC_ALL),
        "logging": [logging.root.level, logging.root.disabled, list(logging.root.handlers)],
        "numpy": [np.geterr(), np.get_printoptions()],
        "torch": _torch_state(),
        "e3nn": _e3nn_state(),
    }


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Names of what differs."""
    return [name for name, value in before.items() if after[name] != value]


def seed_afresh() -> None:
    """Seed the global random generators, which differ in every new process, as there."""
    mtrand.seed()
    random.seed()
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.seed()


def collect_garbage() -> int:
    """Give memory that is no longer used back to the system; return what is left, in bytes."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)(0)  # glibc's alone
    return int(psutil.Process().memory_info().rss)


def _working_folder() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:  # it was removed
        return None


def _has_children() -> bool:
    """True if there is a process below this one, alive or not collected."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _torch_state() -> list[Any] | None:
    """Global settings of torch, and whether memory is held on a GPU; None if torch is not imported."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    backends = torch.backends
    return [
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.get_num_interop_threads(),
        torch.is_grad_enabled(),
        torch.is_anomaly_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_float32_matmul_precision(),
        str(torch.get_default_device()),
        [backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32],
        [backends.cudnn.enabled, backends.cudnn.benchmark, backends.cudnn.deterministic],
        torch.cuda.is_initialized() and torch.cuda.memory_allocated() > 0,
    ]


def _e3nn_state() -> dict[str, Any] | None:
    """Global settings of e3nn; None if it is not imported."""
    e3nn = sys.modules.get("e3nn")
    return None if e3nn is None else dict(e3nn.get_optimization_defaults())
