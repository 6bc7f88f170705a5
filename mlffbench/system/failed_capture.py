"""What torch leaves behind when the capture of a CUDA graph fails, put right."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import torch

__all__ = ["first_reason", "recover"]


def recover(device: torch.device, handle: Any) -> None:
    """Let the allocator and the random generator of a device work again after a capture that CUDA refused.

    `torch.cuda.graph` ends a capture in the driver first and stops there if the driver says that it was
    invalid. The allocator then still fills the graph's memory, so that `torch.cuda.empty_cache` and the next
    capture fail; before torch 2.12 the generator also refuses all random numbers from then on.

    Parameters
    ----------
    device : torch.device
    handle : memory handle of the graph, as from `torch.cuda.graph_pool_handle`
    """
    index = torch.cuda.current_device() if device.index is None else device.index
    library: Any = torch._C
    with suppress(RuntimeError):  # torch has ended it itself, and gives the memory back with the graph
        library._cuda_endAllocateToPool(index, handle)
        library._cuda_releasePool(index, handle)
    generator = torch.cuda.default_generators[index]
    fresh = torch.Generator(torch.device("cuda", index))
    fresh.set_state(generator.get_state())
    generator.graphsafe_set_state(fresh.graphsafe_get_state())


def first_reason(error: BaseException) -> str:
    """Type and first line of the error from which others followed: the end of a failed capture fails too."""
    while error.__context__ is not None:
        error = error.__context__
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
