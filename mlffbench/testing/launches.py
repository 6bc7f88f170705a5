"""Operations of a torch function, one kernel or more each, and those of them that wait for the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["operations", "waits", "waits_for_device"]

# the shape or the value of the result is known on the host only after the device has computed it
WAITING = (
    "_local_scalar_dense", "nonzero", "masked_select", "_unique", "unique", "bincount", "equal", "histc",
    "is_nonzero", "_linalg_check_errors", "lift_fresh", "allclose",
)  # fmt: skip
HOST = ("tolist", "numpy", "cpu", "item", "__bool__", "__int__", "__float__", "__index__", "__array__")


def operations(function: Callable[[], Any]) -> list[str]:
    """Names of the operations that a call dispatches, backward passes included, without views.

    On a CPU this counts what would be launched on a GPU.
    """
    return _recorded(function).names


def waits(function: Callable[[], Any]) -> list[str]:
    """Operations of a call that would wait for a GPU, or copy from the host: none may be captured.

    Examples
    --------
    >>> x = torch.arange(3.0)
    >>> waits(lambda: x[x > 1].sum()), waits(lambda: torch.where(x > 1, x, 0.0).sum())
    (['index with a mask'], [])
    """
    return _recorded(function).waiting


def _recorded(function: Callable[[], Any]) -> _Recorder:
    recorder = _Recorder()
    with _Calls(recorder), recorder:
        function()
    return recorder


class _Recorder(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.waiting: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if not func.is_view:
            self.names.append(name)
        if (reason := waits_for_device(func, args, kwargs or {})) is not None:
            self.waiting.append(reason)
        return func(*args, **(kwargs or {}))


class _Calls(TorchFunctionMode):
    """Methods that bring values to the host, which on a CPU dispatch nothing."""

    def __init__(self, recorder: _Recorder) -> None:
        super().__init__()
        self.recorder = recorder

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") in HOST:
            self.recorder.waiting.append(func.__name__)
        return func(*args, **(kwargs or {}))


def waits_for_device(func: Any, args: Any, kwargs: Any) -> str | None:
    """Name of an operation if it waits for the device with these arguments, else None."""
    name = str(func.overloadpacket.__name__)
    if name.startswith("index") and any(_is_mask(a) for a in args):
        return "index with a mask"
    counted = name == "repeat_interleave" and not kwargs.get("output_size")
    return name if counted or name.startswith(WAITING) else None


def _is_mask(argument: Any) -> bool:
    tensors = argument if isinstance(argument, list | tuple) else [argument]
    return isinstance(argument, list | tuple) and any(
        isinstance(t, torch.Tensor) and t.dtype in (torch.bool, torch.uint8) for t in tensors
    )
