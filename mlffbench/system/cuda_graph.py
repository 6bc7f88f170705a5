"""Functions of tensor batches as CUDA graphs: all kernels of a step are launched by one call.

A step of a small network launches thousands of kernels of microseconds each, and the device waits for the
host. A graph, once captured from a step, replays them without the host; shapes and addresses are fixed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, Generic, Protocol, TypeVar
from weakref import WeakSet

import torch

from mlffbench.system.failed_capture import first_reason, recover

__all__ = ["POOLS", "CapturedFunction", "Graph", "Pool", "captures", "plainly", "tensors_of"]

Batch = TypeVar("Batch")
WARM_UP = 3  # plain calls with a shape before it is captured: libraries choose and allocate in these
MOST = 8  # graphs kept; the one used least recently is dropped first
AGAIN = 100  # more plain calls before a dropped graph is captured again: a capture takes as long as dozens
_PLAINLY = ContextVar("plainly", default=False)


@contextmanager
def plainly() -> Iterator[None]:
    """Call captured functions as plain ones within the block, so that their operations can be counted."""
    token = _PLAINLY.set(True)
    try:
        yield
    finally:
        _PLAINLY.reset(token)


class Pool(Protocol):
    """Memory and stream that the graphs of a program share, so that they never run at the same time."""

    def __init__(self, device: torch.device) -> None: ...

    def stream(self) -> AbstractContextManager[None]:
        """Run the block on the pool's stream, between what is before and after it on the present one."""

    def record(self, function: Callable[[], Any]) -> Graph:
        """Capture a call without executing it."""


class Graph(Protocol):
    """The operations of one call on tensors that stay where they are."""

    value: Any

    def replay(self) -> None:
        """Execute the operations; `value` holds the result."""


class CapturedFunction(Generic[Batch]):
    """A function of batches that replays a CUDA graph for each set of shapes; elsewhere the plain function.

    The first `WARM_UP` calls with a shape run plainly; all calls count, so that a training step may be a
    function. If a capture fails, this and all later calls run plainly, with one warning.

    Parameters
    ----------
    function : callable
        Batch -> a tensor, or a tuple of tensors. It waits for nothing, as `mlffbench.testing.waits` checks,
        and changes tensors in place or not at all. A batch is a tensor, or dataclasses, mappings and
        sequences of batches.
    device : torch.device
    name : str
        The function's name in the warning.
    pool : Pool, optional
        That of another captured function, whose memory and stream this one shares.

    Attributes
    ----------
    failure : str or None
        Reason why a capture failed.
    pool : Pool or None
        None where nothing is captured.
    """

    def __init__(
        self, function: Callable[[Batch], Any], device: torch.device, name: str, pool: Pool | None = None
    ) -> None:
        self.function, self.device, self.name = function, device, name
        self.failure: str | None = None
        self._calls: dict[Any, int] = {}
        self._graphs: dict[Any, _Static[Batch]] = {}
        self.pool = pool or (POOLS[device.type](device) if captures(device) else None)

    @property
    def captures(self) -> bool:
        """True on a CUDA device, until a capture fails."""
        return self.pool is not None and self.failure is None

    @property
    def status(self) -> str:
        """``yes`` once a graph has been captured, or ``no`` and the reason."""
        if self.pool is None:
            return f"no: {self.device.type}"
        if self.failure is not None:
            return f"no: {self.failure}"
        return "yes" if self._graphs else f"no: no shape came more than {WARM_UP} times"

    def __call__(self, batch: Batch) -> Any:
        """The function's value; tensors of its own, which later calls leave alone."""
        if self.pool is None or self.failure is not None:
            return self.function(batch)
        # from the first call on one stream: gradients accumulate on the stream of their first use
        with self.pool.stream():
            return self._on_stream(batch, self.pool)

    def _on_stream(self, batch: Batch, pool: Pool) -> Any:
        if _PLAINLY.get():
            return self.function(batch)
        key = tuple(_shapes(batch))
        self._calls[key] = self._calls.get(key, 0) + 1
        if self._calls[key] <= WARM_UP:
            return self.function(batch)
        graph = self._graphs.pop(key, None) or self._captured(batch, pool)
        if graph is None:
            return self.function(batch)
        self._graphs[key] = graph  # the last one in the order is the one used last
        while len(self._graphs) > MOST:
            oldest = next(iter(self._graphs))
            del self._graphs[oldest]
            self._calls[oldest] = -AGAIN
        return graph.replay(batch)

    def _captured(self, batch: Batch, pool: Pool) -> _Static[Batch] | None:
        try:
            return _Static(self.function, batch, pool)
        except RuntimeError as error:
            self.failure = first_reason(error)
            self._graphs.clear()
            warnings.warn(
                f"{self.name} is not captured as a CUDA graph and takes longer: {self.failure}",
                stacklevel=4,
            )
            return None


class _Static(Generic[Batch]):
    """The captured function of one set of shapes with its static input."""

    def __init__(self, function: Callable[[Batch], Any], batch: Batch, pool: Pool) -> None:
        static = _mapped(batch, torch.clone)
        self.inputs = list(tensors_of(static))
        # detached: a graph of derivatives that is kept would bind the weights' gradients to this stream
        self.graph = pool.record(lambda: _mapped(function(static), lambda x: x))

    def replay(self, batch: Batch) -> Any:
        by_type: dict[torch.dtype, list[tuple[torch.Tensor, torch.Tensor]]] = {}
        for static, new in zip(self.inputs, tensors_of(batch), strict=True):
            by_type.setdefault(static.dtype, []).append((static, new))
        for pairs in by_type.values():
            torch._foreach_copy_([static for static, _ in pairs], [new for _, new in pairs])
        self.graph.replay()
        return _mapped(self.graph.value, torch.clone)


@cache
def _side_stream(device: torch.device) -> torch.cuda.Stream:
    """One stream for all pools of a device: memory and work spaces that are free on it serve them all."""
    return torch.cuda.Stream(device)


class _CudaPool:
    """Memory pool and side stream of CUDA graphs."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.side = device, _side_stream(device)
        self.graphs: WeakSet[_CudaGraph] = WeakSet()
        self.handle: Any = None

    @contextmanager
    def stream(self) -> Iterator[None]:
        current = torch.cuda.current_stream(self.device)
        self.side.wait_stream(current)
        try:
            with torch.cuda.stream(self.side):
                yield
        finally:  # after Ctrl-C too: what follows must not overtake the step
            current.wait_stream(self.side)

    def record(self, function: Callable[[], Any]) -> Graph:
        if not self.graphs:  # torch refuses memory whose graphs have all been dropped
            self.handle = torch.cuda.graph_pool_handle()
        try:
            graph = _CudaGraph(function, self)
        except BaseException:
            recover(self.device, self.handle)
            raise
        self.graphs.add(graph)
        return graph


class _CudaGraph:
    def __init__(self, function: Callable[[], Any], pool: _CudaPool) -> None:
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, pool=pool.handle, stream=pool.side):
            self.value = function()

    def replay(self) -> None:
        self.graph.replay()


# pools of graphs by the type of device; tests add one for the CPU (`mlffbench.testing.replay`)
POOLS: dict[str, type[Pool]] = {"cuda": _CudaPool}


def captures(device: str | torch.device) -> bool:
    """True if functions are captured on a device, so that padded batches pay."""
    return torch.device(device).type in POOLS


def tensors_of(batch: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors of a batch, in a fixed order."""
    if isinstance(batch, torch.Tensor):
        yield batch
    for part in _parts(batch):
        yield from tensors_of(part)


def _parts(batch: Any) -> list[Any]:
    if is_dataclass(batch):
        return [getattr(batch, field.name) for field in fields(batch)]
    if isinstance(batch, Mapping):
        return list(batch.values())
    return list(batch) if isinstance(batch, list | tuple) else []


def _shapes(batch: Any) -> Iterator[Any]:
    """Yield shape and type of every tensor, and every value that is none."""
    if isinstance(batch, torch.Tensor):
        yield (batch.shape, batch.dtype)
    elif parts := _parts(batch):
        for part in parts:
            yield from _shapes(part)
    elif not isinstance(batch, list | tuple | Mapping):
        yield batch


def _mapped(batch: Any, function: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """The same batch with another tensor in place of each."""
    if isinstance(batch, torch.Tensor):
        return function(batch.detach())
    if is_dataclass(batch) and not isinstance(batch, type):
        return replace(batch, **{f.name: _mapped(getattr(batch, f.name), function) for f in fields(batch)})
    if isinstance(batch, Mapping):
        return type(batch)({k: _mapped(v, function) for k, v in batch.items()})  # type: ignore[call-arg]
    if isinstance(batch, list | tuple):
        return type(batch)(_mapped(part, function) for part in batch)
    return batch
