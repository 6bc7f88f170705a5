"""GPUs of NVIDIA that a process may use, counted without a library."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["visible_gpus"]

CARDS = Path("/proc/driver/nvidia/gpus")


def visible_gpus() -> int:
    """Return the number of GPUs: those of CUDA_VISIBLE_DEVICES, else of the machine."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return sum(bool(name.strip()) for name in visible.split(","))
    return sum(1 for _ in CARDS.iterdir()) if CARDS.is_dir() else 0
