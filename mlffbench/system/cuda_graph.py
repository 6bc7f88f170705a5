"""Functions of tensor batches as CUDA graphs: all kernels of a step are launched by one call.

A step of a small network launches thousands of kernels of microseconds each, and the device waits for the
host. A graph, once captured from a step, replays them without the host; shapes and addresses are fixed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Generic, TypeVar

import torch

__all__ = ["CapturedFunction", "tensors_of"]

Batch = TypeVar("Batch")
WARM_UP = 3  # plain calls with a shape before it is captured: libraries choose and allocate in these
MOST = 8  # graphs kept; the one used least recently is dropped first


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

    Attributes
    ----------
    failure : str or None
        Reason why a capture failed.
    """

    def __init__(
        self, function: Callable[[Batch], Any], device: torch.device, name: str, pool: Any = None
    ) -> None:
        self.function, self.device, self.name = function, device, name
        self.failure: str | None = None
        self._calls: dict[Any, int] = {}
        self._graphs: dict[Any, _Graph] = {}
        if device.type == "cuda":
            self.stream = torch.cuda.Stream(device)
            self.pool = torch.cuda.graph_pool_handle() if pool is None else pool

    @property
    def captures(self) -> bool:
        """True on a CUDA device, until a capture fails."""
        return self.device.type == "cuda" and self.failure is None

    def __call__(self, batch: Batch) -> Any:
        """The function's value; tensors of its own, which later calls leave alone."""
        if not self.captures:
            return self.function(batch)
        current = torch.cuda.current_stream(self.device)
        self.stream.wait_stream(current)
        # from the first call on one stream: gradients accumulate on the stream of their first use
        with torch.cuda.stream(self.stream):
            value = self._on_stream(batch)
        current.wait_stream(self.stream)
        return value

    def _on_stream(self, batch: Batch) -> Any:
        key = tuple(_shapes(batch))
        self._calls[key] = self._calls.get(key, 0) + 1
        if self._calls[key] <= WARM_UP:
            return self.function(batch)
        graph = self._graphs.pop(key, None) or self._captured(batch)
        if graph is None:
            return self.function(batch)
        self._graphs[key] = graph  # the last one in the order is the one used last
        while len(self._graphs) > MOST:
            del self._graphs[next(iter(self._graphs))]
        return graph.replay(batch)

    def _captured(self, batch: Batch) -> _Graph | None:
        try:
            return _Graph(self.function, batch, self.pool, self.stream)
        except RuntimeError as error:
            self.failure = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            self._graphs.clear()
            warnings.warn(
                f"{self.name} is not captured as a CUDA graph and takes longer: {self.failure}",
                stacklevel=4,
            )
            return None


class _Graph(Generic[Batch]):
    """The captured function of one set of shapes, its static input and output."""

    def __init__(self, function: Callable[[Batch], Any], batch: Batch, pool: Any, stream: Any) -> None:
        self.batch = _mapped(batch, torch.clone)
        self.inputs = list(tensors_of(self.batch))
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, pool=pool, stream=stream):
            self.value = function(self.batch)

    def replay(self, batch: Batch) -> Any:
        by_type: dict[torch.dtype, list[tuple[torch.Tensor, torch.Tensor]]] = {}
        for static, new in zip(self.inputs, tensors_of(batch), strict=True):
            by_type.setdefault(static.dtype, []).append((static, new))
        for pairs in by_type.values():
            torch._foreach_copy_([static for static, _ in pairs], [new for _, new in pairs])
        self.graph.replay()
        return _mapped(self.value, torch.clone)


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
