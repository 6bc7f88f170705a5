"""Clocks, limits and energy of NVIDIA cards, by NVML where ``nvidia-ml-py`` is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["clocks", "joules", "limits"]


def clocks(device: str) -> dict[str, float]:
    """Frequencies of this moment, MHz; those that the card does not tell are absent."""
    library, card = _card(device)
    return _told(
        {
            "gpu_sm_mhz": lambda: library.nvmlDeviceGetClockInfo(card, library.NVML_CLOCK_SM),
            "gpu_memory_mhz": lambda: library.nvmlDeviceGetClockInfo(card, library.NVML_CLOCK_MEM),
        },
        library,
    )


def limits(device: str) -> dict[str, Any]:
    """Driver and power limit (W); those that the card does not tell are absent."""
    library, card = _card(device)
    return _told(
        {
            "driver": lambda: _text(library.nvmlSystemGetDriverVersion()),
            "power_limit_w": lambda: library.nvmlDeviceGetPowerManagementLimit(card) / 1e3,
        },
        library,
    )


def joules(device: str) -> Callable[[], float] | None:
    """Function that reads the energy that the card has used since its driver was loaded, J; None without one.

    Cards before Volta do not count it.
    """
    library, card = _card(device)
    count = {"joules": lambda: library.nvmlDeviceGetTotalEnergyConsumption(card) / 1e3}
    return count["joules"] if _told(count, library) else None


@cache
def _card(device: str) -> tuple[Any, Any]:
    """NVML and its handle of a torch device; None twice where there is none."""
    if find_spec("pynvml") is None or "torch" not in sys.modules:
        return None, None
    library = import_module("pynvml")
    try:
        library.nvmlInit()
        return library, _handle(library, device)
    except library.NVMLError:
        return None, None


def _handle(library: Any, device: str) -> Any:
    """The card by its UUID: NVML counts cards that CUDA_VISIBLE_DEVICES hides."""
    import torch

    number = torch.device(device).index
    number = torch.cuda.current_device() if number is None else number
    uuid = getattr(torch.cuda.get_device_properties(number), "uuid", None)
    if uuid is None:
        return library.nvmlDeviceGetHandleByIndex(number)
    return library.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")


def _told(values: dict[str, Callable[[], Any]], library: Any) -> dict[str, Any]:
    """The values that NVML gives; a card or a container may refuse each."""
    told = {}
    for name, value in values.items() if library is not None else ():
        try:
            told[name] = value()
        except library.NVMLError:
            continue
    return told


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
