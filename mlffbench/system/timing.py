"""Wall time and peak memory of a block, and a bound on a queue; the only file that waits for a GPU."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import psutil

from mlffbench.system.device import checked_device

__all__ = ["Lead", "Measurement", "count_libraries_of", "measure", "seconds_of"]

_libraries = 0  # bytes that a process forked by a template shares with it and has not mapped


@dataclass
class Measurement:
    """Wall time and peak memory, filled in when the ``with`` block ends.

    Attributes
    ----------
    seconds : float
        Wall time, the device's queued work included.
    peak_memory_mb : float
        Largest resident memory of the process, MiB, sampled every 10 ms; libraries that a template process
        has loaded for it count as its own (`count_libraries_of`).
    peak_gpu_memory_mb : float or None
        Largest memory that torch held on the CUDA device, MiB; None on a CPU.
    """

    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    peak_gpu_memory_mb: float | None = None


@contextmanager
def measure(device: str = "cpu") -> Iterator[Measurement]:
    """Time a block and sample its memory; on CUDA, synchronise before and after."""
    result, stop = Measurement(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(result, stop), daemon=True)
    _synchronize(device)
    _reset_gpu_peak(device)
    watcher.start()
    start = time.perf_counter()
    try:
        yield result
        _synchronize(device)
    finally:
        result.seconds = time.perf_counter() - start
        stop.set()
        watcher.join()
        result.peak_gpu_memory_mb = _gpu_peak(device)


class Lead:
    """Bound on the steps that the host queues before a GPU has done them; on a CPU there is no queue.

    A clock on the host then runs ahead of the device by `most` steps and no more, and the device never idles.

    Parameters
    ----------
    device : str
    most : int
        Steps that may wait in the queue.
    """

    def __init__(self, device: str, most: int = 8) -> None:
        self.device, self.most = device, most
        self._events: deque[Any] = deque()

    def step(self) -> None:
        """Note that a step has been queued; wait until at most `most` are not done."""
        if not _on_cuda(self.device):
            return
        self._events.append(_event(self.device))
        if len(self._events) > self.most:
            self._events.popleft().synchronize()


def _event(device: str) -> Any:
    """An event after all that is queued on the device's present stream."""
    import torch

    event = torch.cuda.Event()
    event.record(torch.cuda.current_stream(device))
    return event


def seconds_of(function: Callable[[], Any], device: str = "cpu") -> float:
    """Wall time of one call, the device's queued work included; no thread watches the memory beside it.

    For calls of microseconds, which the 10 ms samples of `measure` would disturb.
    """
    _synchronize(device)
    start = time.perf_counter()
    function()
    _synchronize(device)
    return time.perf_counter() - start


def count_libraries_of(template: int) -> None:
    """Count, in a process just forked, the code that its template has loaded and that fork does not map."""
    global _libraries
    _libraries = max(0, _resident(psutil.Process(template)) - _resident(psutil.Process()))


def _resident(process: psutil.Process) -> int:
    return process.memory_info().rss


def _watch(result: Measurement, stop: threading.Event) -> None:
    process = psutil.Process()
    while True:
        result.peak_memory_mb = max(result.peak_memory_mb, (_resident(process) + _libraries) / 2**20)
        if stop.wait(0.01):
            return


def _on_cuda(device: str) -> bool:
    return device.startswith("cuda")


def _synchronize(device: str) -> None:
    if _on_cuda(device):
        import torch

        torch.cuda.synchronize(_checked(device))


@cache
def _checked(device: str) -> Any:
    """The torch device, looked at once: that alone would take longer than a small kernel."""
    return checked_device(device)


def _reset_gpu_peak(device: str) -> None:
    if _on_cuda(device):
        import torch

        torch.cuda.reset_peak_memory_stats(device)


def _gpu_peak(device: str) -> float | None:
    """None on a CPU."""
    if not _on_cuda(device) or "torch" not in sys.modules:
        return None
    import torch

    return torch.cuda.max_memory_allocated(device) / 2**20
