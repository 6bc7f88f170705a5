"""CUDA graphs on a CPU: a call is recorded operation by operation, and replayed on the same tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from mlffbench.system.cuda_graph import POOLS
from mlffbench.testing.launches import waits_for_device

__all__ = ["Recording", "replayed_on_cpu"]


@contextmanager
def replayed_on_cpu() -> Iterator[list[Recording]]:
    """Capture functions on the CPU inside the block, and list what has been captured.

    As on a GPU, Python runs while a call is captured and never again: a number that the host has changed
    since is not seen by a replay, an operation that waits for the device ends the capture, and all operations
    write where they wrote at first. Unlike on a GPU, capturing executes the operations too; so the first
    replay is left out.
    """
    recordings: list[Recording] = []

    class Pool:
        def __init__(self, device: torch.device) -> None:
            self.device = device

        def stream(self) -> AbstractContextManager[None]:
            return nullcontext()

        def record(self, function: Callable[[], Any]) -> Recording:
            recordings.append(Recording(function))
            return recordings[-1]

    POOLS["cpu"] = Pool
    try:
        yield recordings
    finally:
        del POOLS["cpu"]


class Recording(TorchDispatchMode):
    """The operations of a call below automatic differentiation, with their tensors."""

    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__()
        self.calls: list[tuple[Any, Any, Any, Any]] = []
        self.executed = True
        with self:
            self.value = function()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if (reason := waits_for_device(func, args, kwargs or {})) is not None:
            raise RuntimeError(f"operation not permitted when stream is capturing: {reason}")
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            self.calls.append((func, args, kwargs or {}, result))
        return result

    def replay(self) -> None:
        if self.executed:
            self.executed = False
            return
        with torch.no_grad():
            for func, args, kwargs, result in self.calls:
                again = func(*args, **kwargs)
                if not func._schema.is_mutable:
                    for old, new in zip(_tensors(result), _tensors(again), strict=True):
                        old.copy_(new)


def _tensors(result: Any) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
