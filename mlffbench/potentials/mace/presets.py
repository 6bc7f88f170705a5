"""Sizes and settings of MACE, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

__all__ = ["PRESETS", "chosen"]

PAPER = {
    "cutoff": 5.0, "num_channels": 256, "max_L": 2, "max_ell": 3, "correlation": 3, "num_interactions": 2,
    "num_radial_basis": 8, "batch_size": 5, "learning_rate": 0.01, "max_epochs": 2000, "ema_decay": 0.99,
    "weight_decay": 5e-7, "energy_weight": 27.0, "forces_weight": 1000.0, "stress_weight": 1.0,
    "patience": 256, "dtype": "float64", "model": "MACE", "schedule": "plateau", "cooldown": 0.0,
    "stage_two": None, "stage_two_energy_weight": 1000.0, "stage_two_forces_weight": 100.0,
    "stage_two_learning_rate": 1e-3, "max_seconds": None,
}  # fmt: skip
COMMON = PAPER | {
    "energy_weight": 1.0, "forces_weight": 100.0, "stress_weight": 10.0, "patience": None,
    "dtype": "float32", "model": "ScaleShiftMACE", "cooldown": 0.5,
}  # fmt: skip
SMALL = {"num_channels": 32, "max_L": 0, "max_ell": 2, "correlation": 2, "batch_size": 10, "max_epochs": 100}
PRESETS: dict[str, dict[str, Any]] = {
    "small": COMMON | SMALL | {"cutoff": 4.5, "learning_rate": 0.02},
    "medium": COMMON | {"num_channels": 64, "max_L": 1, "max_epochs": 300},
    "large": COMMON | {"num_channels": 128, "max_L": 2, "max_epochs": 500},
    "paper": PAPER,
}


def chosen(preset: str, keywords: Mapping[str, Any]) -> SimpleNamespace:
    """The preset, with every keyword that is not None in its place."""
    if preset not in PRESETS:
        raise ValueError(f"no preset {preset!r}; there are {list(PRESETS)}")
    return SimpleNamespace(**PRESETS[preset] | {k: v for k, v in keywords.items() if v is not None})
