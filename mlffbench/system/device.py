"""Check of torch device names."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["checked_device"]

KINDS = ("cpu", "cuda", "mps", "xpu")
WORDS = {"gpu": "cuda", "nvidia": "cuda", "rocm": "cuda", "amd": "cuda", "metal": "mps"}


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
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ValueError(_reason(name)) from error


def _reason(name: str) -> str:
    """Sentence on a device that cannot be used, with those that can."""
    import torch

    n = torch.cuda.device_count()
    here = ["cpu", *(["cuda"] if n else []), *(f"cuda:{i}" for i in range(n if n > 1 else 0))]
    kind = name.partition(":")[0]
    likely = WORDS.get(kind.lower()) or next(iter(get_close_matches(kind, KINDS, n=1)), None)
    if kind not in KINDS:
        near = f"; did you mean {likely!r}?" if likely else ";"
        return f"no device {name!r}{near} here: {', '.join(here)}"
    seen = "" if n or kind != "cuda" else f" (torch {torch.__version__} sees no GPU)"
    return f"the device {name!r} is not here{seen}; here: {', '.join(here)}"
