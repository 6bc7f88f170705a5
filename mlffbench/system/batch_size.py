"""Sizes of batches: as much as the memory of a GPU holds, or little more than the caches of a processor."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from itertools import pairwise
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch

__all__ = [
    "batch_bytes",
    "consecutive_parts",
    "free_bytes",
    "is_memory_error",
    "release_memory",
    "with_half_on_memory_error",
]

T = TypeVar("T")
CPU_BYTES = 64 * 2**20  # larger batches gain nothing there: calls cost little, and caches are full
SHARE = 0.25  # of a GPU's free memory: estimates of batches may be wrong by a factor
KEPT = 0.1  # s: to ask a GPU takes as long as some steps of dynamics' kernels

_free: dict[torch.device, tuple[float, int]] = {}


def batch_bytes(device: torch.device | str) -> int:
    """Bytes that all temporaries of one batch may take together on a device.

    A quarter of the free memory of a GPU; elsewhere little more than a processor's caches hold.
    """
    import torch

    place = torch.device(device)
    if place.type != "cuda":
        return CPU_BYTES
    return max(CPU_BYTES, int(SHARE * free_bytes(place)))


def free_bytes(device: torch.device) -> int:
    """Memory of a GPU that is free, or kept by torch and unused; of a tenth of a second ago at the oldest."""
    import torch

    when, free = _free.get(device, (-KEPT, 0))
    if monotonic() - when < KEPT:
        return free
    free, _ = torch.cuda.mem_get_info(device)
    free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    _free[device] = monotonic(), free
    return free


def consecutive_parts(costs: Sequence[float], room: float) -> list[slice]:
    """Slices of consecutive frames whose costs are together at most `room`; a dearer frame stands alone.

    Parameters
    ----------
    costs : sequence of float
        Bytes, or any other measure, of each frame.
    room : float
        The most that a part may cost.

    Examples
    --------
    >>> consecutive_parts([2, 2, 2, 9, 1], room=5)
    [slice(0, 2, None), slice(2, 3, None), slice(3, 4, None), slice(4, 5, None)]
    """
    starts: list[int] = []
    used = 0.0
    for i, cost in enumerate(costs):
        if not starts or used + cost > room:
            starts.append(i)
            used = 0.0
        used += cost
    return [slice(*ends) for ends in pairwise([*starts, len(costs)])]


def with_half_on_memory_error(function: Callable[[int], T]) -> T:
    """Return ``function(1)``, or ``function(2)`` if the memory does not suffice.

    Parameters
    ----------
    function : callable
        Number that a batch is to be divided by -> result; it may run twice.
    """
    try:
        return function(1)
    except (MemoryError, RuntimeError) as error:
        if not is_memory_error(error):
            raise
    # outside of the handler: the traceback held the tensors of the failed call
    release_memory()
    return function(2)


def is_memory_error(error: BaseException) -> bool:
    """True if the memory of the host or of a GPU did not suffice; nothing is imported to find out."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    words = ("DefaultCPUAllocator: ", "CUBLAS_STATUS_ALLOC_FAILED")
    return isinstance(error, RuntimeError) and any(word in str(error) for word in words)


def release_memory() -> None:
    """Give memory that nothing uses back to the driver of a GPU, that of former captured graphs included.

    A model and its captured functions refer to each other, so only the garbage collector ends them.
    """
    import torch

    gc.collect()
    _free.clear()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
