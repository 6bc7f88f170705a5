"""Check of torch device names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["checked_device"]


def checked_device(name: str) -> torch.device:
    """Return the torch device of that name.

    Raises
    ------
    ValueError
        torch does not know the name or sees no such device.
    ImportError
        torch is not installed.
    """
    try:
        import torch
    except ModuleNotFoundError as error:
        message = f"device {name!r} needs torch: pip install 'mlffbench[all]'"
        raise ImportError(message, name="torch") from error
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        blind = name.startswith("cuda") and not torch.cuda.is_available()
        reason = f"torch {torch.__version__} sees no GPU" if blind else str(error).splitlines()[0]
        raise ValueError(f"device {name!r} cannot be used: {reason}") from error
