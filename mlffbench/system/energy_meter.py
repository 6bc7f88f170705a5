"""Electric energy of a computation, where the machine counts it: RAPL of CPUs, NVML of NVIDIA cards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlffbench.system import nvml

__all__ = ["counts_energy", "joules_of"]

RAPL = Path("/sys/class/powercap")
PACKAGES = "intel-rapl:[0-9]"  # of AMD, too; zones within a package are a part of it


def counts_energy(device: str, folder: Path = RAPL) -> bool:
    """True if something counts the energy of this device."""
    return bool(_counters(device, folder))


def joules_of(work: Callable[[], Any], device: str, folder: Path = RAPL) -> float | None:
    """Energy (J) that the device used during a call that waits for its own end; None where nothing counts it.

    On a CPU it is the energy of all packages, on a GPU that of the card: idle power and the work of other
    processes are in it. The counters advance every 1 ms (RAPL) to 100 ms (NVML): repeat short work.
    """
    counters = _counters(device, folder)
    before = [read() for read, _ in counters]
    work()
    used = [
        (read() - start) % most if most else read() - start
        for start, (read, most) in zip(before, counters, strict=True)
    ]
    return sum(used) if used else None


def _counters(device: str, folder: Path) -> list[tuple[Callable[[], float], float]]:
    """Functions that read joules, and the value at which each counter starts again at zero; 0 if never."""
    if device.startswith("cuda"):
        card = nvml.joules(device)
        return [] if card is None else [(card, 0.0)]
    zones = [zone for zone in sorted(folder.glob(PACKAGES)) if _text(zone / "name").startswith("package")]
    return [
        (lambda zone=zone: _micro(zone / "energy_uj"), _micro(zone / "max_energy_range_uj"))  # type: ignore[misc]
        for zone in zones
        if _text(zone / "energy_uj")  # mostly for root alone
    ]


def _micro(file: Path) -> float:
    return int(_text(file) or 0) / 1e6


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
